namespace LoraMerge.Hub.Places;

/// <summary>What a lock file says of an address.</summary>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Subfolder">The folder within the repository that the address means; empty for the repository itself.</param>
/// <param name="Files">The files that are needed.</param>
public sealed record HubPins(string Commit, string Subfolder, IReadOnlyList<HubFile> Files);
