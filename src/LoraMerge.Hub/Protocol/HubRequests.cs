using System.Net;
using System.Net.Sockets;
using System.Text;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Protocol;

/// <summary>Makes a request and follows where it is sent, by hand: .NET would lose the token on the way, and go to places where nobody should.</summary>
/// <remarks>The token goes to the hub's scheme, host and port, and nowhere else.</remarks>
internal sealed class HubRequests : IDisposable
{
    private const int MostRedirects = 10;

    private static readonly string[] s_proxySchemes = ["http", "https", "socks4", "socks4a", "socks5"];

    private readonly HubEnvironment _environment;
    private readonly string? _token;
    private readonly HttpClient _client;

    public HubRequests(HubEnvironment environment, string version)
    {
        _environment = environment;
        _token = environment.ReadToken();
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = environment.AnswerTimeout,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // it would end with the headers; here every wait has a time of its own
        };
        _client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", $"lora-merge/{version}; dotnet/{Environment.Version}");
        _client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", "identity");
    }

    /// <summary>Whether a token is sent.</summary>
    public bool HasToken => _token is not null;

    /// <summary>Words of a server that are to be shown: one that repeats what it was sent would show the token.</summary>
    public string WithoutToken(string words) => _token is null ? words : words.Replace(_token, "***", StringComparison.Ordinal);

    /// <summary>An address at the hub.</summary>
    /// <param name="path">Escaped, without a slash in front.</param>
    public Uri At(string path) => new($"{_environment.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <param name="uri">What to ask for.</param>
    /// <param name="what">The same in words, for messages.</param>
    /// <param name="offset">Where the body is to begin.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="PassingFaultException">Nothing answered.</exception>
    /// <exception cref="HubException">LORA7002, LORA7022 to LORA7025.</exception>
    public async Task<HubAnswer> SendAsync(Uri uri, string what, long offset, CancellationToken cancellation)
    {
        string? commit = null;
        for (int hops = 0; hops <= MostRedirects; hops++)
        {
            bool isOfHub = IsHub(uri);
            HttpResponseMessage response = await SendOnceAsync(uri, what, offset, isOfHub, cancellation);
            if (isOfHub && response.Headers.TryGetValues("X-Repo-Commit", out IEnumerable<string>? commits))
                commit = commits.First();
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                return new HubAnswer(response, uri, isOfHub, commit);
            using (response)
                uri = TargetOf(response, uri, what);
        }
        throw HubErrors.RedirectRefused(_environment.Endpoint.Authority, what, "it is sent on more than ten times");
    }

    /// <summary>Where an address that the hub gave leads.</summary>
    /// <exception cref="HubException">LORA7024.</exception>
    public static Uri Follow(Uri from, string? location, string what)
    {
        Uri? target = Resolve(from, location);
        string? reason = target is null ? "the address of it is broken or missing"
            : target.Scheme is not ("http" or "https") ? $"a place of '{target.Scheme}:' is named"
            : from.Scheme == "https" && target.Scheme == "http" ? $"it leads from https to plain http, at {target.Authority}"
            : null;
        return reason is null ? target! : throw HubErrors.RedirectRefused(from.Authority, what, reason);
    }

    /// <summary>A fault of the connection as what it is.</summary>
    public static PassingFaultException NotReached(Uri uri, string what, Exception? cause) => new(HubErrors.HubNotReachable(uri.Authority, what, cause), what);

    private static Uri TargetOf(HttpResponseMessage response, Uri from, string what) =>
        Follow(from, response.Headers.TryGetValues("Location", out IEnumerable<string>? values) ? values.First() : null, what);

    /// <summary>A path is relative, though .NET takes one for a file on Unix.</summary>
    private static Uri? Resolve(Uri from, string? location)
    {
        if (string.IsNullOrEmpty(location))
            return null;
        UriKind kind = location.IndexOf(':', StringComparison.Ordinal) is > 0 and int colon && location.AsSpan(0, colon).IndexOfAny("/?#") < 0
            ? UriKind.Absolute
            : UriKind.Relative;
        return Uri.TryCreate(location, kind, out Uri? there) && Uri.TryCreate(from, there, out Uri? target) ? target : null;
    }

    private bool IsHub(Uri uri) =>
        uri.Scheme == _environment.Endpoint.Scheme && uri.Port == _environment.Endpoint.Port
        && uri.IdnHost.Equals(_environment.Endpoint.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>.NET goes past a proxy that it cannot read, and takes other schemes than its own for part of a user's name.</summary>
    private void ThrowIfProxyIsUnreadable(Uri uri)
    {
        if (_environment.FindProxy(uri) is not { } proxy)
            return;
        string[] parts = proxy.Value.Split("://", 2);
        if ((parts.Length == 2 && !s_proxySchemes.Contains(parts[0], StringComparer.OrdinalIgnoreCase)) || HttpClient.DefaultProxy.GetProxy(uri) is null)
            throw HubErrors.ProxyUnreadable(proxy.Name, proxy.Value);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Uri uri, string what, long offset, bool isOfHub, CancellationToken cancellation)
    {
        ThrowIfProxyIsUnreadable(uri);
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        if (isOfHub && _token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_token}");
        if (offset > 0)
            request.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(offset, null);
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeLimit.CancelAfter(_environment.AnswerTimeout);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeLimit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NotReached(uri, what, null);
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ProxyTunnelError)
        {
            throw HubErrors.ProxyFault(uri.Authority, what, HubErrors.ReasonOf(fault));
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw HubErrors.CertificateRefused(uri.Authority, what, fault); // another one will not come in a second
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or SocketException)
        {
            throw NotReached(uri, what, fault);
        }
    }

    public void Dispose() => _client.Dispose();
}
