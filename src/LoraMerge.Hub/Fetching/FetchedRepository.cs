using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Fetching;

/// <summary>A repository whose files are all there, each held to its hash.</summary>
/// <param name="Address">What was asked for.</param>
/// <param name="Role">What it was fetched as: base or adapter.</param>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Subfolder">The folder within the repository that the address means; empty for the repository itself.</param>
/// <param name="Folder">Absolute path of the folder in the cache; it may hold other files too.</param>
/// <param name="Files">The files that a merge takes, in ordinal order of their paths in the repository.</param>
public sealed record FetchedRepository(
    HubAddress Address, HubRole Role, string Commit, string Subfolder, string Folder, IReadOnlyList<HubFile> Files)
{
    /// <summary>The same files by their paths below <see cref="Folder"/>, with '/'.</summary>
    public IReadOnlyList<string> Names => [.. Files.Select(file => Subfolder.Length == 0 ? file.Path : file.Path[(Subfolder.Length + 1)..])];

    /// <summary>What it is called: a base by its repository, an adapter by its folder where it has one there.</summary>
    public string Name => Role == HubRole.Adapter && Subfolder.Length > 0 ? Subfolder[(Subfolder.LastIndexOf('/') + 1)..] : Address.Name;

    /// <summary>As a lock file has it.</summary>
    public HubPins Pins => new(Commit, Subfolder, Files);
}
