using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Hub.Faults;

namespace LoraMerge.Hub.Places;

/// <summary>What the environment says of hub, cache and token, by the variables that Python's huggingface_hub reads.</summary>
public sealed class HubEnvironment
{
    private static readonly string[] s_true = ["1", "ON", "YES", "TRUE"];

    private readonly Func<string, string?> _variable;
    private readonly string _home;

    private HubEnvironment(Func<string, string?> variable, string home)
    {
        _variable = name => variable(name) is { Length: > 0 } value ? value : null;
        _home = home;
        string hubHome = PathOf("HF_HOME") ?? Path.Combine(PathOf("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"), "huggingface");
        CacheFolder = PathOf("HF_HUB_CACHE") ?? PathOf("HUGGINGFACE_HUB_CACHE") ?? Path.GetFullPath(Path.Combine(hubHome, "hub"));
        TokenFile = PathOf("HF_TOKEN_PATH") ?? Path.GetFullPath(Path.Combine(hubHome, "token"));
        string endpoint = (_variable("HF_ENDPOINT") ?? "https://huggingface.co").Trim().TrimEnd('/');
        Endpoint = Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            && (uri.Query + uri.Fragment + uri.UserInfo).Length == 0
            ? uri
            : throw HubErrors.EnvironmentInvalid("HF_ENDPOINT", WithoutUser(endpoint), "an address such as https://huggingface.co");
        IsOffline = IsTrue(_variable("HF_HUB_OFFLINE") ?? _variable("TRANSFORMERS_OFFLINE"));
        UsesLinks = !IsTrue(_variable("HF_HUB_DISABLE_SYMLINKS"));
        AnswerTimeout = SecondsOf("HF_HUB_ETAG_TIMEOUT");
        SilenceTimeout = SecondsOf("HF_HUB_DOWNLOAD_TIMEOUT");
    }

    /// <summary>The hub; its path, if it has one, without a slash at the end.</summary>
    public Uri Endpoint { get; }

    /// <summary>Absolute path of the cache.</summary>
    public string CacheFolder { get; }

    /// <summary>Where a token may lie.</summary>
    public string TokenFile { get; }

    /// <summary>Whether no request may be made.</summary>
    public bool IsOffline { get; }

    /// <summary>Whether snapshots are made of links, where the system has them.</summary>
    public bool UsesLinks { get; }

    /// <summary>How long an answer is waited for.</summary>
    public TimeSpan AnswerTimeout { get; }

    /// <summary>How long a body may be silent.</summary>
    public TimeSpan SilenceTimeout { get; }

    /// <summary>Reads it anew, as each run does.</summary>
    /// <param name="variable">Value of a variable; null for those of this process.</param>
    /// <exception cref="HubException">LORA7002.</exception>
    public static HubEnvironment Read(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        string? home = Path.DirectorySeparatorChar == '/' ? variable("HOME") : variable("USERPROFILE");
        return new HubEnvironment(variable, string.IsNullOrEmpty(home) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) : home!);
    }

    /// <summary>The same, with no request allowed.</summary>
    internal HubEnvironment WithoutRequests() => new(name => name == "HF_HUB_OFFLINE" ? "1" : _variable(name), _home);

    /// <summary>The user's token; null for none. Never to be shown.</summary>
    /// <exception cref="HubException">LORA7002: it cannot be a token.</exception>
    internal string? ReadToken()
    {
        if (IsTrue(_variable("HF_HUB_DISABLE_IMPLICIT_TOKEN")))
            return null;
        foreach ((string source, Func<string?> read) in ((string, Func<string?>)[])
            [("HF_TOKEN", () => _variable("HF_TOKEN")), ("HUGGING_FACE_HUB_TOKEN", () => _variable("HUGGING_FACE_HUB_TOKEN")), (TokenFile, ReadTokenFile)])
        {
            if (read()?.Trim() is not { Length: > 0 } token)
                continue;
            return token.All(letter => letter is > ' ' and < '\x7f') ? token : throw HubErrors.TokenUnsound(source);
        }
        return null;
    }

    /// <summary>The variable that names the proxy on the way to an address; null where none does, or <c>NO_PROXY</c> spares the host.</summary>
    internal (string Name, string Value)? FindProxy(Uri uri)
    {
        string[] spared = (_variable("no_proxy") ?? _variable("NO_PROXY") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        if (spared.Any(entry => entry == "*" || entry.Equals(uri.Host, StringComparison.OrdinalIgnoreCase)
            || uri.Host.EndsWith("." + entry.TrimStart('.'), StringComparison.OrdinalIgnoreCase)))
            return null;
        return ((string[])[$"{uri.Scheme}_proxy", $"{uri.Scheme.ToUpperInvariant()}_PROXY", "all_proxy", "ALL_PROXY"])
            .Where(name => _variable(name) is not null).Select(name => ((string, string)?)(name, _variable(name)!)).FirstOrDefault();
    }

    private string? ReadTokenFile()
    {
        try
        {
            return File.Exists(TokenFile) ? File.ReadAllText(TokenFile) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // another user's; a repository that is not open says where a token is looked for
        }
    }

    private TimeSpan SecondsOf(string name) =>
        _variable(name) is not string text ? TimeSpan.FromSeconds(10)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e6
            ? TimeSpan.FromSeconds(seconds)
        : throw HubErrors.EnvironmentInvalid(name, text, "a number of seconds");

    private static string WithoutUser(string address) => Regex.Replace(address, "//[^/]*@", "//");

    private static bool IsTrue(string? text) => text is not null && s_true.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);

    private string? PathOf(string name) => _variable(name) is string text ? Path.GetFullPath(WithHome(WithVariables(text))) : null;

    private string WithHome(string path) =>
        path == "~" ? _home
        : path.Length > 1 && path[0] == '~' && (path[1] == '/' || path[1] == Path.DirectorySeparatorChar) ? Path.Combine(_home, path.Substring(2))
        : path;

    /// <summary>A variable that is not set stays as it is written.</summary>
    private string WithVariables(string path) =>
        Regex.Replace(path, @"\$(?:(\w+)|\{(\w+)\})", match => _variable(match.Groups[1].Value + match.Groups[2].Value) ?? match.Value);
}
