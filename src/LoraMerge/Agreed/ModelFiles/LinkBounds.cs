namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// How far links in a model's folder may lead: nowhere out of it, lest a model that was fetched somewhere ships the user's other files. Only the blobs that a
/// Hugging Face cache keeps beside its snapshots are a model's own.
/// </summary>
/// <param name="folder">The folder of a base or an adapter; it may be a link itself.</param>
internal sealed class LinkBounds(string folder)
{
    private string[]? _allowed;

    /// <summary>A link to nothing is no way out: whoever reads it says so.</summary>
    /// <exception cref="LinkLeadsOutException">The file lies elsewhere.</exception>
    /// <exception cref="IOException">Links lead round in a circle.</exception>
    public void ThrowIfLeadsOut(string file)
    {
        _allowed ??= [.. Allowed(RealPath.Of(folder))];
        string real = RealPath.Of(file);
        if (!_allowed.Any(allowed => real.StartsWith(allowed + Path.DirectorySeparatorChar, FileNames.Comparison)) && File.Exists(real))
            throw new LinkLeadsOutException(file, real, folder);
    }

    private static IEnumerable<string> Allowed(string real)
    {
        yield return real.TrimEnd(Path.DirectorySeparatorChar);
        // models--NAME/snapshots/REVISION/… beside models--NAME/blobs
        for (string? part = Path.GetDirectoryName(real); part is not null; part = Path.GetDirectoryName(part))
        {
            if (Path.GetFileName(part) == "snapshots" && Path.GetDirectoryName(part) is string cached)
                yield return RealPath.Of(Path.Combine(cached, "blobs"));
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
