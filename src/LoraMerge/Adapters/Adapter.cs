using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>A parameter that the adapter holds whole and that replaces the base's.</summary>
/// <param name="Module">Module path in the live model.</param>
/// <param name="Parameter">Name of the parameter, such as <c>bias</c>.</param>
/// <param name="Tensor">Its new values.</param>
internal sealed record SavedParameter(string Module, string Parameter, StoredTensor Tensor)
{
    /// <summary>Whether it is the base tensor of an adapted module (<c>base_layer</c>), which most adapters hold unchanged.</summary>
    public bool IsBaseLayer { get; init; }
}

/// <summary>Rows of an embedding that the adapter holds whole.</summary>
/// <param name="Module">Module path of the embedding.</param>
/// <param name="Indices">Token numbers, in the order of the rows.</param>
/// <param name="Rows"><c>[tokens, dim]</c>.</param>
internal sealed record SavedRows(string Module, ImmutableArray<long> Indices, StoredTensor Rows);

/// <summary>An adapter on disk: its configuration, and every tensor of its file in exactly one place.</summary>
/// <param name="Path">The folder or weight file, as the user wrote it.</param>
/// <param name="Dialect">Whose files they are.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Config">What its configuration says that every kind has.</param>
/// <param name="Own">What it says that only its kind has.</param>
/// <param name="Weights">The weight files: one, or several, and those of what was trained beside it.</param>
/// <param name="Modules">Adapted modules, in ordinal order of their paths.</param>
/// <param name="Parameters">Whole parameters, in ordinal order.</param>
/// <param name="Rows">Whole rows of embeddings.</param>
internal sealed record Adapter(
    string Path,
    AdapterDialect Dialect,
    AdapterKind Kind,
    AdapterConfig Config,
    KindConfig Own,
    ImmutableArray<Shard> Weights,
    ImmutableArray<AdaptedModule> Modules,
    ImmutableArray<SavedParameter> Parameters,
    ImmutableArray<SavedRows> Rows)
{
    /// <summary>Names of tensors that only training needed, or that are there twice.</summary>
    public ImmutableArray<string> Ignored { get; init; } = [];

    /// <summary>Name of the repository that it was fetched from, of the folder, or of the file without its extension.</summary>
    public string Name => Files.Fetched is { } fetched ? fetched.Name
        : Files.IsFile ? System.IO.Path.GetFileNameWithoutExtension(Path)
        : new DirectoryInfo(Path).Name;

    /// <summary>Its tensors, file by file.</summary>
    internal IEnumerable<StoredTensor> Tensors => Weights.SelectMany(shard => shard.Tensors);

    /// <summary>Whether biases were trained that its release did not save.</summary>
    public bool HasLostBiases =>
        (Config.TrainsBiasesOfAdaptedModules ? Kind.LostBiases : Config.BiasMode == "all" ? Kind.LostBiasesOfAll : null) is { } lost
        && Config.Origin.Follows(lost) != false && !Parameters.Any(saved => saved.Parameter == "bias");

    /// <summary>What the adapter does to the embedding is the head's too, where the base has both in one.</summary>
    public bool KeepsTies => Config.KeepsTies && EndsAreOne;

    /// <summary>Whether what it holds for embedding and head is one change; what the configuration says of ties means nothing where it is not.</summary>
    public bool EndsAreOne { get; init; } = true;

    /// <summary>What the user should know of how it was read.</summary>
    public ImmutableArray<MergeEvent> Notes { get; init; } = [];

    /// <summary>The files that it consists of; no other is read.</summary>
    internal InputRoot Files { get; init; } = new("adapter", "", []);
}
