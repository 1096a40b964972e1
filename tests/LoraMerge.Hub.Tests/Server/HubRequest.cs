namespace LoraMerge.Hub.Tests.Server;

/// <summary>A request as it came, and how many bytes of the body were sent back.</summary>
internal sealed class HubRequest(string method, string target, IReadOnlyDictionary<string, string> headers, bool isContent)
{
    public string Method { get; } = method;

    /// <summary>Path and query, escaped as they came.</summary>
    public string Target { get; } = target;

    public string Path => Target.Split('?')[0];

    public IReadOnlyDictionary<string, string> Headers { get; } = headers;

    /// <summary>Whether it came to the host of contents, not to the hub.</summary>
    public bool IsContent { get; } = isContent;

    public string? Token => Headers.GetValueOrDefault("authorization");

    public string? Range => Headers.GetValueOrDefault("range");

    public long BytesSent { get; set; }
}
