using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Checkpoints;

namespace LoraMerge.Dialects.Peft;

/// <summary>Hugging Face PEFT: a <c>peft_type</c> in adapter_config.json, one safetensors file or pickle.</summary>
internal sealed class PeftDialect : AdapterDialect
{
    public override string Library => AdapterOrigin.Peft;

    internal override bool Owns(AdapterSource source) => source.Fields?.Json["peft_type"] is not null;

    internal override string Weights(AdapterSource source) => PeftWeights.FilesOf(source)[0];

    internal override AdapterOrigin Date(AdapterSource source) => PeftHistory.Date(source.Fields!, AdapterKinds.Find(source.Fields!.Text("peft_type")!));

    internal override Adapter Read(AdapterSource source, AdapterOrigin origin)
    {
        (AdapterKind kind, AdapterConfig config, KindConfig own) = PeftConfigReader.Read(source.Fields!, origin);
        ImmutableArray<Shard> weights = [.. PeftWeights.Read(source)];
        return weights.Select(file => (file.File, Library: OtherLibraries.Unconverted(file)))
            .FirstOrDefault(file => file.Library is not null) is { Library: string library } other
            ? throw Errors.AdapterOfOtherLibrary(other.File, library)
            : AdapterTensors.Sort(source.Path, this, kind, config, own, weights);
    }

    internal override string? OtherLibraryOf(string tensor) => OtherLibraries.Of(tensor);
}
