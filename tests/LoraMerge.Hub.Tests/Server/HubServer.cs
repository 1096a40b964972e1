using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace LoraMerge.Hub.Tests.Server;

/// <summary>
/// Speaks the hub's API on loopback: one listener is the hub, another the host of large contents, which must never see a token. Every answer passes
/// <see cref="Alter"/>, where a test makes it fail.
/// </summary>
internal sealed class HubServer : IAsyncDisposable
{
    public const string Token = "hf_secretOfTheTests";

    private const int FilesPerPage = 2;

    private readonly TcpListener _hub = new(IPAddress.Loopback, 0);
    private readonly TcpListener _contents = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<HubRequest> _requests = new();
    private readonly Task _serving;

    public HubServer()
    {
        _hub.Start();
        _contents.Start();
        _serving = Task.WhenAll(ServeAsync(_hub, false), ServeAsync(_contents, true));
    }

    public string Address => $"http://{_hub.LocalEndpoint}";

    public string ContentAddress => $"http://{_contents.LocalEndpoint}";

    public Dictionary<string, HubRepository> Repositories { get; } = new(StringComparer.Ordinal);

    /// <summary>Path below which the hub is, as of a mirror; without a slash at the end.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Whether small files are sent at once, not by way of a redirect.</summary>
    public bool SendsSmallFilesAtOnce { get; set; }

    /// <summary>What becomes of an answer.</summary>
    public Func<HubRequest, HubReply, HubReply> Alter { get; set; } = (_, reply) => reply;

    public IReadOnlyList<HubRequest> Requests => [.. _requests];

    /// <summary>Bytes of files that were sent.</summary>
    public long FileBytes => Requests.Where(request => IsFile(request)).Sum(request => request.BytesSent);

    public HubRepository Add(string id) => Repositories[id] = new HubRepository(id);

    public void Forget() => _requests.Clear();

    /// <summary>How many requests asked for a commit.</summary>
    public int CommitRequests => Requests.Count(request => request.Path.Contains("/revision/", StringComparison.Ordinal));

    /// <summary>How many asked for a list of files.</summary>
    public int ListRequests => Requests.Count(request => request.Path.Contains("/tree/", StringComparison.Ordinal));

    /// <summary>How many times contents were sent, or begun to be.</summary>
    public int FileRequests => Requests.Count(IsFile);

    public static bool IsFile(HubRequest request) => request.IsContent || request.Path.StartsWith("/api/resolve-cache/", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _hub.Stop();
        _contents.Stop();
        try
        {
            await _serving;
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The listeners are closed.
        }
        _end.Dispose();
    }

    private async Task ServeAsync(TcpListener listener, bool isContent)
    {
        while (!_end.IsCancellationRequested)
        {
            Socket socket = await listener.AcceptSocketAsync(_end.Token);
            _ = Task.Run(() => ServeAsync(socket, isContent));
        }
    }

    private async Task ServeAsync(Socket socket, bool isContent)
    {
        using (socket)
        {
            try
            {
                if (await ReadAsync(socket, isContent) is not HubRequest request)
                    return;
                _requests.Enqueue(request);
                HubReply reply = Alter(request, request.IsContent ? OfContent(request) : OfHub(request));
                await SendAsync(socket, request, reply);
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The other side is gone.
            }
        }
    }

    private async Task<HubRequest?> ReadAsync(Socket socket, bool isContent)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int count = await socket.ReceiveAsync(buffer, _end.Token);
            if (count == 0)
                return null;
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        string[] lines = text.ToString().Split("\r\n");
        string target = lines[0].Split(' ')[1];
        if (target.StartsWith("http://", StringComparison.Ordinal)) // asked as a proxy
        {
            isContent = target.StartsWith(ContentAddress, StringComparison.Ordinal);
            target = new Uri(target).PathAndQuery;
        }
        if (!isContent && Folder.Length > 0 && target.StartsWith(Folder + "/", StringComparison.Ordinal))
            target = target[Folder.Length..];
        var headers = lines.Skip(1).Where(line => line.Length > 0).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1], StringComparer.Ordinal);
        return new HubRequest(lines[0].Split(' ')[0], target, headers, isContent);
    }

    private async Task SendAsync(Socket socket, HubRequest request, HubReply reply)
    {
        if (reply.IsMute)
            await Task.Delay(Timeout.Infinite, _end.Token);
        if (reply.IsReset)
        {
            socket.LingerState = new LingerOption(true, 0);
            return;
        }
        var head = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {reply.Status} X\r\nConnection: close\r\n"));
        if (reply.IsChunked)
            head.Append("Transfer-Encoding: chunked\r\n");
        else if (reply.SaidLength is not -1)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {reply.SaidLength ?? reply.Body.Length}\r\n");
        foreach ((string name, string value) in reply.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        await SendAllAsync(socket, Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()));
        int length = request.Method == "HEAD" ? 0 : Math.Min(reply.Body.Length, reply.CutAfter ?? reply.SilentAfter ?? int.MaxValue);
        for (int sent = 0; sent < length;)
        {
            int count = Math.Min(reply.Trickle ?? (1 << 16), length - sent);
            if (reply.IsChunked)
                await SendAllAsync(socket, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{count:x}\r\n")));
            await SendAllAsync(socket, reply.Body.AsMemory(sent, count));
            if (reply.IsChunked)
                await SendAllAsync(socket, "\r\n"u8.ToArray());
            sent += count;
            request.BytesSent = sent;
            if (reply.Trickle is not null)
                await Task.Delay(20, _end.Token);
        }
        if (reply.SilentAfter is not null)
            await Task.Delay(Timeout.Infinite, _end.Token);
        if (reply.IsChunked && reply.CutAfter is null)
            await SendAllAsync(socket, "0\r\n\r\n"u8.ToArray());
        socket.Shutdown(SocketShutdown.Send);
    }

    private async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, _end.Token)..];
    }

    private HubReply OfHub(HubRequest request)
    {
        string[] parts = request.Path.TrimStart('/').Split('/');
        bool isApi = parts is ["api", "models", ..];
        bool isCached = parts is ["api", "resolve-cache", "models", ..];
        string[] rest = isApi ? parts[2..] : isCached ? parts[3..] : parts;
        if (rest.Length < 3)
            return HubReply.Error(404, null, "Not found");
        string id = $"{rest[0]}/{rest[1]}";
        if (request.Token is string token && token != "Bearer " + Token)
            return HubReply.Error(401, null, "Invalid credentials in Authorization header");
        if (!Repositories.TryGetValue(id, out HubRepository? repository) || (repository.IsPrivate && request.Token is null))
            return request.Token is null ? HubReply.Error(401, null, "Invalid username or password.")
                : HubReply.Error(404, "RepoNotFound", "Repository not found");
        if (repository.RenamedTo is string renamed)
            return HubReply.To(307, request.Target.Replace(id, renamed, StringComparison.Ordinal));
        if (isApi)
            return rest[2] == "revision" ? OfRevision(repository, Uri.UnescapeDataString(rest[3])) : OfTree(request, repository, rest[3]);
        string commit = isCached ? rest[2] : rest[3];
        string path = Uri.UnescapeDataString(string.Join('/', isCached ? rest[3..] : rest[4..]));
        return OfFile(request, repository, commit, path, isCached);
    }

    private static HubReply OfRevision(HubRepository repository, string revision)
    {
        string? commit = repository.Revisions.GetValueOrDefault(revision)
            ?? repository.Commits.Keys.FirstOrDefault(key => revision.Length >= 7 && key.StartsWith(revision, StringComparison.Ordinal));
        return commit is null ? HubReply.Error(404, "RevisionNotFound", $"Invalid rev id: {revision}")
            : HubReply.Json(
                $$"""{"id":"{{repository.Id}}","sha":"{{commit}}","private":false,"gated":false,"siblings":[{{Siblings(repository.Commits[commit].Keys)}}]}""");
    }

    private static string Siblings(IEnumerable<string> names) => string.Join(',', names.Select(name => $$"""{"rfilename":"{{name}}"}"""));

    private HubReply OfTree(HubRequest request, HubRepository repository, string commit)
    {
        if (!repository.Commits.TryGetValue(commit, out SortedDictionary<string, HubContents>? files))
            return HubReply.Error(404, "RevisionNotFound", "Invalid rev id");
        int page = request.Target.Split("cursor=") is [_, var cursor] ? int.Parse(cursor, CultureInfo.InvariantCulture) : 0;
        var entries = new JsonArray(
        [
            .. files.Skip(page * FilesPerPage).Take(FilesPerPage).Select(file => file.Value.IsLarge
                ? new JsonObject
                {
                    ["type"] = "file", ["path"] = file.Key, ["size"] = file.Value.Bytes.Length, ["oid"] = new string('e', 40),
                    ["xetHash"] = new string('f', 64),
                    ["lfs"] = new JsonObject { ["oid"] = file.Value.Sha256, ["size"] = file.Value.Bytes.Length, ["pointerSize"] = 134 },
                }
                : new JsonObject { ["type"] = "file", ["path"] = file.Key, ["size"] = file.Value.Bytes.Length, ["oid"] = file.Value.GitHash }),
        ]);
        if (page == 0)
            entries.Add(new JsonObject { ["type"] = "directory", ["path"] = "a-folder", ["size"] = 0, ["oid"] = new string('d', 40) });
        HubReply reply = HubReply.Json(entries.ToJsonString()).With("RateLimit", "\"resolvers\";r=2999;t=172");
        return files.Count <= (page + 1) * FilesPerPage ? reply
            : reply.With("Link", string.Create(
                CultureInfo.InvariantCulture, $"<{Address}{request.Path}?recursive=true&expand=false&cursor={page + 1}>; rel=\"next\""));
    }

    private HubReply OfFile(HubRequest request, HubRepository repository, string commit, string path, bool isCached)
    {
        if (repository.IsGated && request.Token is null)
            return HubReply.Error(401, "GatedRepo", "Access to model is restricted.");
        if (!repository.Commits.TryGetValue(commit, out SortedDictionary<string, HubContents>? files))
            return HubReply.Error(404, "RevisionNotFound", "Invalid rev id");
        if (!files.TryGetValue(path, out HubContents? file))
            return HubReply.Error(404, "EntryNotFound", "Entry not found").With("X-Repo-Commit", commit);
        if (file.IsLarge)
        {
            return HubReply.To(302, $"{ContentAddress}/{file.Sha256}?X-Amz-Signature=signedForATime")
                .With("X-Repo-Commit", commit).With("X-Linked-ETag", $"\"{file.Sha256}\"")
                .With("X-Linked-Size", file.Bytes.Length.ToString(CultureInfo.InvariantCulture)).With("X-Xet-Hash", new string('f', 64))
                .With("Link", $"<{Address}/xet-read-token/{commit}>; rel=\"xet-auth\"");
        }
        if (!isCached && !SendsSmallFilesAtOnce)
        {
            string escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
            return HubReply.To(307, $"/api/resolve-cache/models/{repository.Id}/{commit}/{escaped}?etag=x");
        }
        return Ranged(request, file.Bytes).With("ETag", $"\"{file.GitHash}\"").With("X-Repo-Commit", commit);
    }

    private HubReply OfContent(HubRequest request)
    {
        if (request.Token is not null)
            return HubReply.Error(400, null, "Only one auth mechanism allowed");
        HubContents? file = Repositories.Values.SelectMany(repository => repository.Commits.Values).SelectMany(files => files.Values)
            .FirstOrDefault(contents => "/" + contents.Sha256 == request.Path);
        return file is null ? HubReply.Error(404, null, "No such key") : Ranged(request, file.Bytes).With("ETag", "\"means-nothing\"");
    }

    private static HubReply Ranged(HubRequest request, byte[] bytes)
    {
        if (request.Range is not string range)
            return new HubReply(200) { Body = bytes };
        int from = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        return from >= bytes.Length ? new HubReply(416)
            : new HubReply(206) { Body = bytes[from..] }.With(
                "Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{bytes.Length - 1}/{bytes.Length}"));
    }
}
