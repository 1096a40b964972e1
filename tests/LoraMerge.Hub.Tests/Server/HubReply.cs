using System.Text;

namespace LoraMerge.Hub.Tests.Server;

/// <summary>What the server sends, and how it fails to.</summary>
internal sealed record HubReply(int Status)
{
    public byte[] Body { get; init; } = [];

    public List<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Says this length in place of the body's; -1 for none at all.</summary>
    public long? SaidLength { get; init; }

    /// <summary>After as many bytes of the body the connection is closed.</summary>
    public int? CutAfter { get; init; }

    /// <summary>After as many bytes of the body nothing comes any more.</summary>
    public int? SilentAfter { get; init; }

    /// <summary>The connection is reset before anything is said.</summary>
    public bool IsReset { get; init; }

    /// <summary>Nothing is answered.</summary>
    public bool IsMute { get; init; }

    /// <summary>The body comes in chunks of HTTP.</summary>
    public bool IsChunked { get; init; }

    /// <summary>Bytes a piece, with a pause behind each.</summary>
    public int? Trickle { get; init; }

    public static HubReply Json(string json, int status = 200) =>
        new(status) { Body = Encoding.UTF8.GetBytes(json), Headers = [("Content-Type", "application/json")] };

    public static HubReply Error(int status, string? code, string message)
    {
        List<(string, string)> headers = [("Content-Type", "application/json"), ("X-Error-Message", message)];
        if (code is not null)
            headers.Add(("X-Error-Code", code));
        return new HubReply(status) { Body = Encoding.UTF8.GetBytes($$"""{"error":"{{message}}"}"""), Headers = headers };
    }

    public static HubReply Page() =>
        new(200) { Body = Encoding.UTF8.GetBytes("<html>Sign in</html>"), Headers = [("Content-Type", "text/html; charset=utf-8")] };

    public static HubReply To(int status, string location) => new(status) { Headers = [("Location", location)] };

    public HubReply With(string name, string value) => this with { Headers = [.. Headers.Where(header => header.Name != name), (name, value)] };

    public HubReply Without(string name) => this with { Headers = [.. Headers.Where(header => header.Name != name)] };
}
