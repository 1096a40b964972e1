using LoraMerge.Agreed.Fingerprints;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>One merged model that the project asks for.</summary>
/// <param name="BaseItem">Its LoraBaseModel.</param>
/// <param name="BasePath">Absolute path of a folder or a weight file.</param>
/// <param name="AdapterItems">In the order in which they are applied; as many as <see cref="ModelOptions.Adapters"/>.</param>
/// <param name="AdapterPaths">Absolute paths, in the same order.</param>
/// <param name="TargetPath">Below the output folder, with '/'.</param>
/// <param name="Options">What else decides the result.</param>
internal sealed record ModelRequest(
    ITaskItem BaseItem, string BasePath, IReadOnlyList<ITaskItem> AdapterItems, IReadOnlyList<string> AdapterPaths, string TargetPath, ModelOptions Options)
{
    public string Name => Options.Name;

    /// <summary>What is known of the base from the hub; null for one that the user laid there.</summary>
    public FetchedInput? FetchedBase { get; init; }

    /// <summary>The same of the adapters; empty where none was fetched.</summary>
    public IReadOnlyList<FetchedInput?> FetchedAdapters { get; init; } = [];

    /// <summary>Absolute path of the file that knows what was fetched.</summary>
    public string? FetchedFile { get; init; }

    /// <summary>Whether files of it were not fetched, because the store may have the merged model: then it can be looked up, but not merged.</summary>
    public bool IsLeftToStore => FetchedAdapters.Append(FetchedBase).Any(input => input?.Known is not null);

    /// <summary>The same, after all of it was fetched.</summary>
    public ModelRequest WhenFetched() => this with
    {
        FetchedBase = FetchedBase is null ? null : FetchedBase with { Known = null },
        FetchedAdapters = [.. FetchedAdapters.Select(input => input is null ? null : input with { Known = null })],
    };

    /// <summary>The base with its files as they are now.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public InputRoot ListBase() => InputFiles.OfBase(BasePath, FetchedBase);

    /// <summary>An adapter with its files as they are now.</summary>
    /// <param name="index">From 0.</param>
    /// <inheritdoc cref="ListBase"/>
    public InputRoot ListAdapter(int index) => InputFiles.OfAdapter(AdapterPaths[index], index + 1, FetchedOf(index));

    /// <summary>What is known of an adapter from the hub.</summary>
    /// <param name="index">From 0.</param>
    public FetchedInput? FetchedOf(int index) => FetchedAdapters.ElementAtOrDefault(index);
}
