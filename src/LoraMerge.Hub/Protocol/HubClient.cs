using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Protocol;

/// <summary>Asks the hub: which commit, which files, and what is in them.</summary>
internal sealed partial class HubClient(HubEnvironment environment, string version, HubTiming timing, Action<HubEvent> report) : IDisposable
{
    /// <summary>A page of a thousand files has some 300 kB.</summary>
    private const int LongestJson = 64 << 20;

    private const int MostPages = 1000;
    private const int MostFiles = 100_000;

    private static readonly int[] s_passing = [408, 429, 500, 502, 503, 504];

    private readonly HubRequests _requests = new(environment, version);
    private readonly HashSet<string> _toldTopics = new(StringComparer.Ordinal);

    public Retries Retries { get; } = new(timing, report);

    /// <summary>The commit that a branch, tag or shortened commit is now.</summary>
    /// <param name="address">Whose.</param>
    /// <param name="revision">Which.</param>
    /// <param name="isPatient">Whether it is tried again when the hub does not answer; not worth the time where the cache has a commit.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HubException">LORA7010, LORA7011, LORA7014, LORA7015, LORA7021 to LORA7025, LORA7030.</exception>
    public async Task<string> CommitOfAsync(HubAddress address, string revision, bool isPatient, CancellationToken cancellation)
    {
        Uri uri = _requests.At($"api/models/{address.Id}/revision/{Uri.EscapeDataString(revision)}");
        string what = $"'{revision}' of '{address.Id}'";
        Retries retries = isPatient ? Retries : new Retries(timing with { Delays = [] }, report);
        return await retries.RunAsync(async () =>
        {
            using HubAnswer answer = await _requests.SendAsync(uri, what, 0, cancellation);
            await ThrowIfRefusedAsync(answer, address, revision, null, what, cancellation);
            using JsonDocument json = await ReadJsonAsync(answer, what, cancellation);
            string? commit = JsonTexts.Find(json.RootElement, "sha");
            return HubNames.IsCommit(commit) ? commit! : throw HubErrors.ListingUnsound(address, "what it gives as commit is none");
        }, cancellation);
    }

    /// <summary>All files of a commit.</summary>
    /// <exception cref="HubException">LORA7010, LORA7011, LORA7014, LORA7015, LORA7021 to LORA7025, LORA7030.</exception>
    public async Task<IReadOnlyList<HubFile>> ListAsync(HubAddress address, string commit, CancellationToken cancellation)
    {
        Uri? page = _requests.At($"api/models/{address.Id}/tree/{commit}?recursive=true&expand=false");
        string what = $"the files of '{address.Id}'";
        var seen = new HashSet<Uri>();
        var files = new HubListing(address);
        while (page is not null)
        {
            if (!seen.Add(page) || seen.Count > MostPages || files.Count > MostFiles)
                throw HubErrors.ListingRefused(address, "its list of files does not end");
            Uri asked = page;
            page = await Retries.RunAsync(async () =>
            {
                using HubAnswer answer = await _requests.SendAsync(asked, what, 0, cancellation);
                if (answer.Status == 404 && answer.ErrorCode.Length == 0)
                    throw HubErrors.ListMissing(address, commit, answer.Uri.Authority);
                await ThrowIfRefusedAsync(answer, address, commit, null, what, cancellation);
                using JsonDocument json = await ReadJsonAsync(answer, what, cancellation);
                files.Add(json.RootElement);
                return NextPage(answer, asked, $"/tree/{commit}", what);
            }, cancellation);
        }
        return files.ToList();
    }

    /// <summary>Opens a file from an offset on.</summary>
    /// <exception cref="PassingFaultException">It may be had later.</exception>
    /// <exception cref="HubException">LORA7010 to LORA7015, LORA7021 to LORA7025.</exception>
    public async Task<HubAnswer> OpenAsync(HubAddress address, string commit, string path, long offset, CancellationToken cancellation)
    {
        string escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        string what = $"'{path}' of '{address.Id}'";
        HubAnswer answer = await _requests.SendAsync(_requests.At($"{address.Id}/resolve/{commit}/{escaped}"), what, offset, cancellation);
        try
        {
            // Of a place that was signed for a time, this says that the time is over: the hub signs a new one. A code says that a mirror led to a hub.
            if (!answer.IsOfHub && answer.ErrorCode.Length == 0 && answer.Status is 400 or 401 or 403 or 404 or 410)
                throw new PassingFaultException(HubErrors.HubInTrouble(answer.Uri.Authority, answer.Status, what), what);
            if (answer.Status != 416)
                await ThrowIfRefusedAsync(answer, address, commit, path, what, cancellation);
            if (answer.Commit is null && answer.IsPage)
                throw HubErrors.NotAHub(environment.Endpoint.Authority, what, "a page for people");
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>The body of an answer, with a limit on its silence.</summary>
    public async Task<TimedBody> ReadBodyAsync(HubAnswer answer, string what, CancellationToken cancellation) =>
        new(await answer.OpenAsync(cancellation), environment.SilenceTimeout, answer.Uri, what);

    public void Dispose() => _requests.Dispose();

    private async Task ThrowIfRefusedAsync(
        HubAnswer answer, HubAddress address, string revision, string? path, string what, CancellationToken cancellation)
    {
        TellWarning(answer);
        if (answer.Status is 200 or 206)
            return;
        string host = answer.Uri.Authority;
        if (s_passing.Contains(answer.Status))
            throw new PassingFaultException(HubErrors.HubInTrouble(host, answer.Status, what), what, WaitOf(answer));
        if (answer.Status == 407)
            throw HubErrors.ProxyFault(host, what, "it asks for a user and a password");
        string code = answer.ErrorCode;
        string message = answer.Header("X-Error-Message") is { Length: > 0 } text ? text : await ErrorTextAsync(answer, what, cancellation);
        message = _requests.WithoutToken(message);
        if (code.Length == 0 && answer.IsPage)
            throw HubErrors.NotAHub(host, what, string.Create(CultureInfo.InvariantCulture, $"a page for people, with status {answer.Status}"));
        throw (answer.Status, code) switch
        {
            (401 or 403, "GatedRepo") => HubErrors.RepositoryGated(address, message, TokenOf(answer), environment),
            (401, _) when IsOfToken(message) => HubErrors.TokenRefused(address, message, environment),
            (401, _) or (404, "RepoNotFound") => HubErrors.RepositoryNotFound(address, TokenOf(answer), environment),
            (403, _) => HubErrors.AccessRefused(address, message, TokenOf(answer)),
            (404, "RevisionNotFound") => HubErrors.RevisionNotFound(address, [revision]),
            (404, "EntryNotFound") when path is not null => HubErrors.EntryNotFound(address, revision, path),
            (404, _) when path is null => HubErrors.RepositoryNotFound(address, TokenOf(answer), environment),
            (404, _) => HubErrors.EntryNotFound(address, revision, path),
            _ => HubErrors.UnexpectedAnswer(host, answer.Status, what, message),
        };
    }

    /// <summary>What became of the token on the way to an answer, as a sentence.</summary>
    private string TokenOf(HubAnswer answer) => !_requests.HasToken ? "No token was sent."
        : answer.IsOfHub ? "A token was sent."
        : $"The token went to {environment.Endpoint.Authority} alone, which leads on to {answer.Uri.Authority}.";

    /// <summary>Whether a refusal is about the token, valid no longer or never, and not about the repository.</summary>
    private bool IsOfToken(string message) => _requests.HasToken
        && (message.Contains("Invalid credentials", StringComparison.OrdinalIgnoreCase) || message.Contains("token", StringComparison.OrdinalIgnoreCase));

    private void TellWarning(HubAnswer answer)
    {
        if (!answer.IsOfHub || answer.Header("X-HF-Warning") is not { Length: > 0 } text)
            return;
        string[] parts = text.Split(';', 2);
        lock (_toldTopics)
        {
            if (!_toldTopics.Add(parts[0]))
                return;
        }
        report(new HubEvent.Information($"The hub says: {_requests.WithoutToken(parts[^1].Trim())}"));
    }

    private async Task<JsonDocument> ReadJsonAsync(HubAnswer answer, string what, CancellationToken cancellation)
    {
        byte[] bytes = await ReadAllAsync(answer, what, LongestJson, cancellation);
        try
        {
            return JsonDocument.Parse(TextMark.Without((ReadOnlyMemory<byte>)bytes));
        }
        catch (JsonException)
        {
            throw HubErrors.NotAHub(answer.Uri.Authority, what, answer.IsPage ? "a page for people" : "something that is no JSON");
        }
    }

    private async Task<byte[]> ReadAllAsync(HubAnswer answer, string what, int limit, CancellationToken cancellation)
    {
        await using TimedBody body = await ReadBodyAsync(answer, what, cancellation);
        var bytes = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = await body.ReadAsync(buffer, cancellation)) > 0;)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > limit)
                throw HubErrors.NotAHub(answer.Uri.Authority, what, "something that does not end");
        }
        return bytes.ToArray();
    }

    /// <summary>What the API says of an error, in its body.</summary>
    private async Task<string> ErrorTextAsync(HubAnswer answer, string what, CancellationToken cancellation)
    {
        if (answer.Response.Content.Headers.ContentType?.MediaType != "application/json")
            return "";
        try
        {
            byte[] bytes = await ReadAllAsync(answer, what, 1 << 16, cancellation);
            using JsonDocument json = JsonDocument.Parse(TextMark.Without((ReadOnlyMemory<byte>)bytes));
            return JsonTexts.Find(json.RootElement, "error") ?? "";
        }
        catch (Exception fault) when (fault is JsonException or PassingFaultException or HubException)
        {
            return ""; // the status says enough
        }
    }

    /// <summary>A mirror hands on where the hub itself has the next page; it is asked of the mirror, as the hub may be out of reach.</summary>
    private static Uri? NextPage(HubAnswer answer, Uri asked, string list, string what)
    {
        if (Link.Matches(answer.Header("Link")).FirstOrDefault(link => NextRelation.IsMatch(link.Groups["parameters"].Value)) is not { } next)
            return null;
        string target = next.Groups["target"].Value;
        return target.IndexOf('?', StringComparison.Ordinal) is > 0 and int query && target[..query].EndsWith(list, StringComparison.Ordinal)
            && asked.AbsolutePath.EndsWith(list, StringComparison.Ordinal)
            ? new Uri(asked.GetLeftPart(UriPartial.Path) + target[query..])
            : HubRequests.Follow(answer.Uri, target, what);
    }

    /// <summary><c>Retry-After</c>, in seconds or as a time; else what <c>RateLimit</c> says of an empty window.</summary>
    private static TimeSpan? WaitOf(HubAnswer answer)
    {
        if (answer.Response.Headers.RetryAfter is { } retry)
            return retry.Delta ?? (retry.Date - DateTimeOffset.UtcNow is { } left && left > TimeSpan.Zero ? left : TimeSpan.Zero);
        Match limit = RateLimit.Match(answer.Header("RateLimit"));
        return answer.Status == 429 && limit.Success ? TimeSpan.FromSeconds(int.Parse(limit.Groups["wait"].Value, CultureInfo.InvariantCulture)) : null;
    }

    [GeneratedRegex("""<(?<target>[^>]*)>(?<parameters>(?:\s*;\s*[^,;"]+(?:"[^"]*")?)*)""")]
    private static partial Regex Link { get; }

    [GeneratedRegex("""\brel\s*=\s*"?next"?(?:\s|;|$)""")]
    private static partial Regex NextRelation { get; }

    [GeneratedRegex(@"\br=0\b.*?\bt=(?<wait>\d{1,6})\b")]
    private static partial Regex RateLimit { get; }
}
