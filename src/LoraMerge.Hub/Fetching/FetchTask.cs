using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Fetching;

/// <summary>What is to be in the cache: which files of which commit, of what and as what.</summary>
/// <param name="Address">What was asked for.</param>
/// <param name="Role">Base or adapter.</param>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Subfolder">The folder within the repository that is meant; empty for the repository itself.</param>
/// <param name="Files">The files.</param>
internal sealed record FetchTask(HubAddress Address, HubRole Role, string Commit, string Subfolder, IReadOnlyList<HubFile> Files);
