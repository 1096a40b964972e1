using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Dialects.Mlx;

/// <summary>Apple's mlx_lm: the options of the training run in adapter_config.json, weights in adapters.safetensors.</summary>
internal sealed class MlxDialect : AdapterDialect
{
    /// <summary>What 0.5 and earlier wrote, without a configuration.</summary>
    private const string OldWeightsName = "adapters.npz";

    public override string Library => AdapterOrigin.Mlx;

    /// <summary>Where the ends are tied its models have no head, so that a pair for one was trained on another base.</summary>
    internal override bool HasHeadWhereTied => false;

    internal override bool KeepsTiesAlways => true;

    internal override bool Owns(AdapterSource source)
    {
        if (source.IsFile && Path.GetExtension(source.Path) == ".npz")
            throw Errors.AdapterIsNumpyArchive(source.Path);
        if (source.Fields is { } fields)
            return (fields.Has("fine_tune_type") || fields.Json["lora_parameters"] is JsonObject || fields.Has("lora_layers"))
                && (fields.Json["peft_type"] is null || HasMlxWeights(source));
        return source.FindUnread(OldWeightsName) is string archive ? throw Errors.AdapterIsNumpyArchive(archive) : false;
    }

    /// <summary>unsloth names a <c>peft_type</c> beside the fields of mlx_lm; whose names the tensors have, the weight file tells.</summary>
    private static bool HasMlxWeights(AdapterSource source) =>
        source.IsFile ? Path.GetFileName(source.Path) == DialectFiles.Mlx.Weights[0] : source.FindFile(DialectFiles.Mlx.Weights) is not null
            && source.FindFile(DialectFiles.Peft.Weights) is null;

    internal override string Weights(AdapterSource source)
    {
        if (source.IsFile)
            return source.Path;
        if (source.FindFile(DialectFiles.Mlx.Weights) is string weights)
            return weights;
        throw source.FindUnread(OldWeightsName) is string archive
            ? Errors.AdapterIsNumpyArchive(archive)
            : Errors.AdapterWeightsMissing(source.Folder, DialectFiles.Mlx.Weights[0]);
    }

    internal override AdapterOrigin Date(AdapterSource source) => MlxConfig.Date(source.Fields!);

    internal override Adapter Read(AdapterSource source, AdapterOrigin origin) =>
        MlxTensors.Sort(source.Path, this, MlxConfig.Read(source.Fields!, origin), Shard.Read(Weights(source)));

    internal override void ThrowIfBaseIsChanged(Adapter adapter, ModelConfig config) => MlxFamilies.ThrowIfChanged(adapter, config);
}
