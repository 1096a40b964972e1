using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Dialects.Peft;

/// <summary>Hugging Face PEFT: a <c>peft_type</c> in adapter_config.json, one safetensors file or pickle.</summary>
internal sealed class PeftDialect : AdapterDialect
{
    public override string Library => AdapterOrigin.Peft;

    internal override bool Owns(AdapterSource source) => source.Fields?.Json["peft_type"] is not null;

    internal override string Weights(AdapterSource source) => source.IsFile
        ? source.Path
        : source.FindFile(DialectFiles.Peft.Weights) ?? throw Errors.AdapterWeightsMissing(source.Folder, string.Join(" or ", DialectFiles.Peft.Weights));

    internal override AdapterOrigin Date(AdapterSource source) => PeftHistory.Date(source.Fields!, AdapterKinds.Find(source.Fields!.Text("peft_type")!));

    internal override Adapter Read(AdapterSource source, AdapterOrigin origin)
    {
        (AdapterKind kind, AdapterConfig config, KindConfig own) = PeftConfigReader.Read(source.Fields!, origin);
        Shard weights = Shard.Read(Weights(source));
        return OtherLibraries.Unconverted(weights) is string library
            ? throw Errors.AdapterOfOtherLibrary(weights.File, library)
            : AdapterTensors.Sort(source.Path, this, kind, config, own, weights);
    }

    internal override string? OtherLibraryOf(string tensor) => OtherLibraries.Of(tensor);
}
