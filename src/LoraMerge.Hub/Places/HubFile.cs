namespace LoraMerge.Hub.Places;

/// <summary>A file of a repository.</summary>
/// <param name="Path">In the repository, with '/'.</param>
/// <param name="ByteLength">Its length.</param>
/// <param name="Hash">SHA-256 in 64 hexadecimal digits, or in 40 git's SHA-1: the one that the hub has of it.</param>
public sealed record HubFile(string Path, long ByteLength, string Hash);
