using System.Text.RegularExpressions;

namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// What repositories of a Hugging Face cache share: since release 1.32 of huggingface_hub large files lie once, as <c>blobs/AB/HASH</c> of the cache, and
/// <c>models--NAME/blobs/ETAG</c> is a link to there. HASH is that of the hub's storage, not of the contents.
/// </summary>
internal static class SharedBlobs
{
    private static readonly Regex s_name = new("^[0-9a-f]{2}/[0-9a-f]{64}$", RegexOptions.CultureInvariant);

    /// <summary>Whether a file is one of them.</summary>
    /// <param name="cache">The cache's folder.</param>
    /// <param name="real">Where the file lies, without links on the way.</param>
    public static bool Holds(string cache, string real)
    {
        string store = RealPath.Of(Path.Combine(cache, "blobs")) + Path.DirectorySeparatorChar;
        return real.StartsWith(store, FileNames.Comparison) && s_name.IsMatch(real.Substring(store.Length).Replace(Path.DirectorySeparatorChar, '/'));
    }
}
