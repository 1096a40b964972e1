namespace LoraMerge.Agreed.ModelFiles;

/// <summary>What is known of an input that was fetched from a hub, beside the folder where it lies now.</summary>
/// <param name="Name">What it is called, as the folder is called after a commit.</param>
/// <param name="Address">As it was asked for.</param>
/// <param name="Commit">The commit that was fetched, in 40 hexadecimal digits.</param>
/// <param name="Files">The files that count, by their paths in the folder, with '/': others there were fetched by somebody else, for something else.</param>
internal sealed record FetchedInput(string Name, string Address, string Commit, IReadOnlyList<string> Files)
{
    /// <summary>Address and commit, as a merged model's key has them.</summary>
    public string Origin => $"{Address} {Commit}";
}
