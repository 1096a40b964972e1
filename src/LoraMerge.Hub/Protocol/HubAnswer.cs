using System.IO.Compression;

namespace LoraMerge.Hub.Protocol;

/// <summary>The last answer of a chain of redirects.</summary>
/// <param name="Response">The answer, its body not read.</param>
/// <param name="Uri">What was asked last.</param>
/// <param name="IsOfHub">Whether it is the hub itself that answered, not a host that it sent to.</param>
/// <param name="Commit"><c>X-Repo-Commit</c>, as the hub itself sent it on the way; null where it did not.</param>
internal sealed record HubAnswer(HttpResponseMessage Response, Uri Uri, bool IsOfHub, string? Commit) : IDisposable
{
    public int Status => (int)Response.StatusCode;

    /// <summary>What a hub calls the reason of a refusal; empty where it says none, or where it is no hub.</summary>
    public string ErrorCode => Header("X-Error-Code");

    /// <summary>Whether it is a page for people.</summary>
    public bool IsPage => Response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml";

    /// <summary>Whether a body came compressed, though nobody asked for that: then its length is not that of the file.</summary>
    public bool IsCompressed => Encoding is not (null or "identity");

    private string? Encoding => Response.Content.Headers.ContentEncoding.LastOrDefault()?.ToLowerInvariant();

    /// <summary>The value of a header; empty where it is not there.</summary>
    public string Header(string name) =>
        Response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";

    public async Task<Stream> OpenAsync(CancellationToken cancellation)
    {
        Stream body = await Response.Content.ReadAsStreamAsync(cancellation);
        return Encoding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
    }

    public void Dispose() => Response.Dispose();
}
