namespace LoraMerge.Agreed.ModelFiles;

/// <summary>What is known of an input that was fetched from a hub, beside the folder where it lies now.</summary>
/// <param name="Name">What it is called, as the folder is called after a commit.</param>
/// <param name="Address">As it was asked for.</param>
/// <param name="Commit">The commit that was fetched, in 40 hexadecimal digits.</param>
/// <param name="Files">The files that count, by their paths in the folder, with '/': others there were fetched by somebody else, for something else.</param>
internal sealed record FetchedInput(string Name, string Address, string Commit, IReadOnlyList<string> Files)
{
    /// <summary>XxHash128 of the list of these files with their lengths and their hashes at the hub; null where not all of them are known.</summary>
    public string? ListHash { get; init; }

    /// <summary>
    /// What an earlier merge knew of the files, by the same paths: enough to look the merged model up in a store. The files need not be there then; null where
    /// they are.
    /// </summary>
    public IReadOnlyDictionary<string, KnownFile>? Known { get; init; }

    /// <summary>Address and commit, as a merged model's key has them.</summary>
    public string Origin => $"{Address} {Commit}";
}

/// <summary>A file whose contents are known without it.</summary>
/// <param name="ByteLength">Its length.</param>
/// <param name="Hash">XxHash128 of its contents, in 32 hexadecimal digits.</param>
internal sealed record KnownFile(long ByteLength, string Hash);
