using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>The A and B of one module, with what else was trained beside them.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A"><c>[r, in]</c>; convolutions <c>[r, in, k…]</c>.</param>
/// <param name="B"><c>[out, r]</c>; convolutions <c>[out, r, 1…]</c>.</param>
/// <param name="BBias"><c>[out]</c>, or null.</param>
/// <param name="Scaling">alpha/r, or alpha/sqrt(r) with rsLoRA.</param>
public sealed record AdapterModule(string Path, StoredTensor A, StoredTensor B, StoredTensor? BBias, double Scaling);

/// <summary>A parameter that the adapter holds whole and that replaces the base's.</summary>
/// <param name="Module">Module path in the live model.</param>
/// <param name="Parameter">Name of the parameter, such as <c>bias</c>.</param>
/// <param name="Tensor">Its new values.</param>
public sealed record SavedParameter(string Module, string Parameter, StoredTensor Tensor);

/// <summary>Rows of an embedding that the adapter holds whole.</summary>
/// <param name="Module">Module path of the embedding.</param>
/// <param name="Indices">Token numbers, in the order of the rows.</param>
/// <param name="Rows"><c>[tokens, dim]</c>.</param>
public sealed record SavedRows(string Module, ImmutableArray<long> Indices, StoredTensor Rows);

/// <summary>An adapter on disk: its configuration, and every tensor of its file in exactly one place.</summary>
/// <param name="Path">The folder or weight file, as the user wrote it.</param>
/// <param name="Config">adapter_config.json.</param>
/// <param name="Weights">The weight file.</param>
/// <param name="Modules">Low-rank pairs, in ordinal order of their paths.</param>
/// <param name="Parameters">Whole parameters, in ordinal order.</param>
/// <param name="Rows">Whole rows of embeddings.</param>
public sealed record Adapter(
    string Path,
    LoraConfig Config,
    Shard Weights,
    ImmutableArray<AdapterModule> Modules,
    ImmutableArray<SavedParameter> Parameters,
    ImmutableArray<SavedRows> Rows)
{
    /// <summary>Name of the folder, or of the file without its extension.</summary>
    public string Name => File.Exists(Path) ? System.IO.Path.GetFileNameWithoutExtension(Path) : new DirectoryInfo(Path).Name;

    /// <summary>What the user should know of how it was read.</summary>
    public ImmutableArray<MergeEvent> Notes { get; init; } = [];

    /// <summary>Reads an adapter folder, or a weight file with its adapter_config.json beside it.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="release">The release that wrote it, where the user knows; else the file is dated by its fields.</param>
    /// <exception cref="LoraMergeException">LORA1105, 1107, 2002, 2003, 3001 to 3035.</exception>
    public static Adapter Open(string path, string? release = null)
    {
        AdapterFiles files = AdapterFiles.Find(path);
        ConfigFields fields = ConfigFields.Read(files.Config);
        AdapterDialect dialect = AdapterDialects.Of(fields);
        AdapterOrigin dated = AdapterDialects.Date(dialect, fields);
        AdapterOrigin origin = release is null ? dated : AdapterOrigin.Asked(dated.Library, release, path);
        Adapter adapter = dialect == AdapterDialect.Mlx
            ? MlxTensors.Sort(path, MlxConfig.Read(fields, origin), Shard.Read(files.Weights(dialect)))
            : AdapterTensors.Sort(path, AdapterConfigReader.Read(fields, origin), Shard.Read(files.Weights(dialect)));
        return dated.IsContradictedBy(origin)
            ? adapter with { Notes = [Diagnostics.Notes.AdapterReleaseContradicted(dated, release!, path), .. adapter.Notes] }
            : adapter;
    }
}
