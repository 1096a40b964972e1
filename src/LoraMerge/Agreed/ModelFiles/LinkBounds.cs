namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// How far links in a model's folder may lead: nowhere out of it, lest a model that was fetched somewhere ships the user's other files. Only the blobs that a
/// Hugging Face cache keeps beside its snapshots, or for all of its repositories, are a model's own.
/// </summary>
/// <param name="folder">The folder of a base or an adapter; it may be a link itself.</param>
internal sealed class LinkBounds(string folder)
{
    private string[]? _allowed;
    private string[] _caches = [];

    /// <summary>A link to nothing is no way out: whoever reads it says so.</summary>
    /// <exception cref="LinkLeadsOutException">The file lies elsewhere.</exception>
    /// <exception cref="IOException">Links lead round in a circle.</exception>
    public void ThrowIfLeadsOut(string file)
    {
        if (_allowed is null)
        {
            string own = RealPath.Of(folder);
            string[] repositories = [.. RepositoriesOf(own)];
            _caches = [.. repositories.Where(repository => Path.GetFileName(repository).StartsWith("models--", StringComparison.Ordinal))
                .Select(repository => Path.GetDirectoryName(repository)!)];
            _allowed = [own.TrimEnd(Path.DirectorySeparatorChar), .. repositories.Select(repository => RealPath.Of(Path.Combine(repository, "blobs")))];
        }
        string real = RealPath.Of(file);
        if (!_allowed.Any(allowed => real.StartsWith(allowed + Path.DirectorySeparatorChar, FileNames.Comparison))
            && !_caches.Any(cache => SharedBlobs.Holds(cache, real)) && File.Exists(real))
            throw new LinkLeadsOutException(file, real, folder);
    }

    /// <summary>CACHE/models--NAME of CACHE/models--NAME/snapshots/REVISION/…</summary>
    private static IEnumerable<string> RepositoriesOf(string real)
    {
        for (string? part = Path.GetDirectoryName(real); part is not null; part = Path.GetDirectoryName(part))
        {
            if (Path.GetFileName(part) == "snapshots" && Path.GetDirectoryName(part) is string cached)
                yield return cached;
        }
    }
}

/// <summary>A link in a model's folder leads to a file that is not the model's.</summary>
internal sealed class LinkLeadsOutException(string file, string target, string folder)
    : IOException($"'{file}' is a link to '{target}', which lies outside of '{folder}'.")
{
    /// <summary>The link.</summary>
    public string File { get; } = file;

    /// <summary>Where it leads in the end.</summary>
    public string Target { get; } = target;
}
