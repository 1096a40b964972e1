using System.Text.RegularExpressions;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Faults;

/// <summary>Makes every fault of a fetch: what happened, where; what to do. Holds no token and no query of a signed address.</summary>
internal static class HubErrors
{
    private const string HowToSendToken = "set HF_TOKEN to a token that may read it, or sign in with 'hf auth login', which writes";

    /// <summary>Several faults at once: all of them are said.</summary>
    public static HubException All(IReadOnlyList<HubException> faults) =>
        faults.Count == 1 ? faults[0] : new(faults[0].Code, faults[0].Message, faults[0]) { Others = [.. faults.Skip(1)] };

    // What was asked for.

    public static HubException AddressInvalid(string text, string reason) =>
        new(HubCode.AddressInvalid,
            $"'{text}' is no address of a model: {reason}. Write hf://NAMESPACE/NAME, with @REVISION behind it for another branch, tag or commit than "
            + "main, and "
            + "/FOLDER behind NAME for a folder within the repository.");

    public static HubException EnvironmentInvalid(string variable, string value, string expected) =>
        new(HubCode.EnvironmentInvalid, $"The environment variable {variable} is '{value}', but {expected} is expected. Correct it, or unset it.");

    public static HubException ProxyUnreadable(string variable, string value) =>
        new(HubCode.EnvironmentInvalid,
            $"The environment variable {variable} is '{WithoutUser(value)}', which cannot be read as a proxy. Nothing was sent past it. Write "
            + "http://HOST:PORT, https://HOST:PORT, or socks5://HOST:PORT, which leaves names to the proxy as socks5h does; or unset it.");

    public static HubException TokenUnsound(string source) =>
        new(HubCode.EnvironmentInvalid,
            $"The token in '{source}' holds blanks or letters that no token has. Nothing was sent. Write the token alone there, or unset it.");

    public static HubException IsAdapter(string address) =>
        new(HubCode.RoleMismatch,
            $"'{address}' is named as a base model, but holds an adapter (adapter_config.json) and no weights of a model. Name it as an adapter, and "
            + "as the base "
            + "the model that it was trained for.");

    public static HubException IsNoAdapter(string address, string hint) =>
        new(HubCode.RoleMismatch,
            $"'{address}' is named as an adapter, but holds no adapter_config.json. Name a repository, or a folder within it, that PEFT or mlx_lm has saved an "
            + $"adapter to.{hint}");

    public static HubException FolderMissing(string address, string subfolder, string hint) =>
        new(HubCode.FileMissing, $"The repository of '{address}' has no files in a folder '{subfolder}'.{hint}");

    public static HubException NoWeights(string address, string what, string hint) =>
        new(HubCode.FileMissing,
            $"'{address}' holds no weights of {what} that can be merged: safetensors files, PyTorch's pickles under the names of their library, or one GGUF "
            + $"model are expected.{hint} Look at its list of files; models in other formats mostly name the repository that they were made of.");

    public static HubException ShardMissing(string address, string index, string shard) =>
        new(HubCode.FileMissing, $"'{index}' of '{address}' names the file '{shard}', which the repository does not have. Its author has to mend that; "
            + "perhaps another revision has it.");

    public static HubException IndexUnsound(string address, string index, string reason) =>
        new(HubCode.FileMissing, $"'{index}' of '{address}' is no index of weights: {reason}. Its author has to mend that; perhaps another revision is sound.");

    public static HubException WeightsAmbiguous(string address, IEnumerable<string> names) =>
        new(HubCode.WeightsAmbiguous,
            $"'{address}' has several files that could be the model's weights, and none has the name that transformers gives: "
            + $"{string.Join(", ", names.Take(5))}. "
            + "Fetch the one that is meant, from its page or with 'hf download', and name that file in place of the address.");

    // What the hub says.

    public static HubException RepositoryNotFound(HubAddress address, string token, HubEnvironment environment) =>
        new(HubCode.RepositoryNotFound,
            $"'{address}' is not there, or is private and not open to you: {Host(environment)} does not tell which. Correct the name; or, where it is "
            + $"private, {HowToSendToken} '{environment.TokenFile}'. {token}");

    public static HubException RevisionNotFound(HubAddress address, IEnumerable<string> revisions) =>
        new(HubCode.RevisionNotFound,
            $"The repository '{address.Id}' has no branch, tag or commit {string.Join(" or ", revisions.Select(revision => $"'{revision}'"))}. Correct what "
            + "stands behind '@' in the address.");

    public static HubException EntryNotFound(HubAddress address, string commit, string path) =>
        new(HubCode.EntryNotFound,
            $"The hub has no file '{path}' in commit {commit} of '{address.Id}', though it was listed or locked. Fetch again; if it stays so, the "
            + "commit is gone "
            + "from the hub, and another one has to be named.");

    public static HubException RepositoryGated(HubAddress address, string message, string token, HubEnvironment environment) =>
        new(HubCode.RepositoryGated,
            $"'{address}' is open only to those who have accepted its terms and were let in.{Says(message)} See {Page(environment, address)}, signed in as the "
            + $"user of the token: accept them there, or wait until the authors have answered; and {HowToSendToken} '{environment.TokenFile}'. {token}");

    public static HubException TokenRefused(HubAddress address, string message, HubEnvironment environment) =>
        new(HubCode.TokenRefused,
            $"{Host(environment)} refuses the token that was sent for '{address}'{Quoted(message)}. Put a valid one into HF_TOKEN or "
            + $"'{environment.TokenFile}', or unset it where the repository is open to all.");

    public static HubException AccessRefused(HubAddress address, string message, string token) =>
        new(HubCode.AccessRefused,
            $"The hub refuses access to '{address}'{Quoted(message)}. {token} If the repository is open to you on the hub's pages, "
            + "give the token "
            + "the right to read it.");

    // The way there.

    public static HubException Offline(HubAddress address, string missing) =>
        new(HubCode.Offline,
            $"'{address}' is needed, but {missing}, and HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids requests. Unset it, or fetch once while online: "
            + $"lora-merge fetch {address}");

    public static HubException HubInTrouble(string host, int status, string what) =>
        new(HubCode.HubInTrouble,
            FormattableString.Invariant($"{host} answered {status} to the request for {what}, again and again. What has come is kept. Try again later")
            + (status == 429 ? ", or with a token (HF_TOKEN): without one, fewer requests are allowed." : "."));

    public static HubException UnexpectedAnswer(string host, int status, string what, string message) =>
        new(HubCode.NotAHub,
            FormattableString.Invariant($"{host} answered {status} to the request for {what}{Quoted(message)}, which no hub does. Look at HF_ENDPOINT and at ")
            + "proxies on the way.");

    public static HubException HubNotReachable(string host, string what, Exception? cause) =>
        new(HubCode.HubNotReachable,
            $"{host} could not be reached for {what}: {ReasonOf(cause)}. What has come is kept. Look at the network, at HF_ENDPOINT and at proxies "
            + "(HTTPS_PROXY, "
            + "NO_PROXY); or, where everything was fetched before, set HF_HUB_OFFLINE=1.", cause);

    public static HubException CertificateRefused(string host, string what, Exception cause) =>
        new(HubCode.HubNotReachable,
            $"{host} could not be reached safely for {what}: {ReasonOf(cause)}. Where a proxy on the way signs in the place of {host}, name the file of its "
            + "authority in SSL_CERT_FILE (on Windows and macOS, add it to those that the system trusts).", cause);

    public static HubException ProxyFault(string host, string what, string reason) =>
        new(HubCode.ProxyFault,
            $"The proxy on the way to {host} did not let the request for {what} through: {reason}. Look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY (with "
            + "user:password@ where the proxy asks for them) and NO_PROXY.");

    public static HubException NotAHub(string host, string what, string found) =>
        new(HubCode.NotAHub,
            $"It was no hub that answered at {host} to the request for {what}, but {found}: a proxy, a sign-in page of the network, or a wrong "
            + "HF_ENDPOINT. Open "
            + "the address in a browser to see what it says.");

    public static HubException ListMissing(HubAddress address, string commit, string host) =>
        new(HubCode.NotAHub,
            $"{host} gives no list of the files of '{address.Id}' at commit {commit}: it does not have that repository, or it is a mirror that cannot list "
            + "files. Look at the address and at HF_ENDPOINT.");

    public static HubException RedirectRefused(string host, string what, string reason) =>
        new(HubCode.RedirectRefused, $"{host} sends the request for {what} elsewhere, and it is not followed: {reason}. Look at HF_ENDPOINT and at proxies.");

    // What came.

    public static HubException ListingRefused(HubAddress address, string reason) =>
        new(HubCode.ListingRefused, $"The list of files of '{address.Id}' is refused as a whole: {reason}. Nothing was written. Do not use it.");

    public static HubException ListingUnsound(HubAddress address, string reason) =>
        new(HubCode.ListingRefused,
            $"The list of files of '{address.Id}' is refused as a whole: {reason}. Nothing was written. Look at HF_ENDPOINT, or at the lock file.");

    public static HubException ContentDiffers(HubAddress address, string path, string expected, string found) =>
        new(HubCode.ContentDiffers,
            $"The file '{path}' of '{address.Id}' is not what the hub says of it: {expected} is expected, {found} came. It was deleted. Fetch again; "
            + "if it stays "
            + "so, a proxy or mirror on the way damages files.");

    public static HubException ContentIsPointer(HubAddress address, string path) =>
        new(HubCode.ContentDiffers,
            $"In place of the file '{path}' of '{address.Id}' a pointer of git-lfs came, which only names the contents. It was deleted. A mirror that "
            + "was copied "
            + "without git-lfs does that: look at HF_ENDPOINT.");

    public static HubException FileTooLarge(HubAddress address, HubFile file) =>
        new(HubCode.FileTooLarge,
            $"The file '{file.Path}' of '{address.Id}' has {Bytes(file.ByteLength)}; the hub gives files over 50 GB to its own clients only. Fetch "
            + "the repository "
            + "with 'hf download', which fills the same cache.");

    public static HubException PinDiffers(HubAddress address, string reason) =>
        new(HubCode.PinDiffers,
            $"What is locked for '{address}' cannot be had: {reason}. Somebody changed the lock file, or the hub now has another file under the same "
            + "commit; take the entry out of the lock file only if you trust what is there now.");

    // The cache.

    public static HubException CacheTooSmall(HubAddress address, string folder, long needed, long free) =>
        new(HubCode.CacheTooSmall,
            $"'{address}' needs {Bytes(needed)} in the cache '{folder}', but only {Bytes(free)} are free there. Nothing was fetched. Free some space, or set "
            + "HF_HUB_CACHE to a folder on another disk.");

    public static HubException CacheFull(string folder, Exception cause) =>
        new(HubCode.CacheTooSmall,
            $"The disk of the cache '{folder}' became full: {ReasonOf(cause)}. What has come is kept. Free some space, or set HF_HUB_CACHE to a "
            + "folder on another "
            + "disk.", cause);

    public static HubException CacheNotWritable(string path, Exception cause) =>
        new(HubCode.CacheNotWritable,
            $"The cache cannot be written at '{path}': {ReasonOf(cause)}. Change its permissions, or set HF_HUB_CACHE to a folder of your own.", cause);

    public static HubException CacheNotReadable(string path, Exception cause) =>
        new(HubCode.CacheNotReadable,
            $"The cache cannot be read at '{path}': {ReasonOf(cause)}. Change its permissions, or set HF_HUB_CACHE to a folder of your own.", cause);

    public static HubException CacheRefused(string path) =>
        new(HubCode.CacheRefused,
            $"'{path}' in the cache is a link, through which files would be written elsewhere. Nothing was written. Delete it if nobody made it on purpose; to "
            + "keep models on another disk, set HF_HUB_CACHE.");

    // Notes.

    public static HubEvent UsingCached(HubAddress address, string commit, HubException cause) =>
        new HubEvent.Warning(HubCode.UsingCached,
            $"Which commit '{address}' is now could not be asked, so the one in the cache is taken, {commit}. {cause.Message}");

    public static HubEvent ListUnknown(HubAddress address, string commit) =>
        new HubEvent.Warning(HubCode.ListUnknown,
            $"No request is allowed, and the cache does not say which files commit {commit} of '{address.Id}' has: those are taken that the cache "
            + "happens to hold, and "
            + "a file that nobody fetched is missed by nobody. Fetch once while online to be sure.");

    /// <summary>A length as people read it.</summary>
    public static string Bytes(long count) => count switch
    {
        >= 1_000_000_000 => FormattableString.Invariant($"{count / 1e9:0.00} GB"),
        >= 1_000_000 => FormattableString.Invariant($"{count / 1e6:0.00} MB"),
        >= 10_000 => FormattableString.Invariant($"{count / 1e3:0.0} kB"),
        _ => FormattableString.Invariant($"{count} bytes"),
    };

    /// <summary>What the system says, without the user and password of a proxy, which .NET writes into its messages.</summary>
    public static string ReasonOf(Exception? cause)
    {
        string reason = cause?.GetBaseException().Message.Trim().TrimEnd('.') ?? "it fell silent";
        return reason.Length == 0 ? cause!.GetType().Name : Regex.Replace(reason, @"//[^/\s]*@", "//");
    }

    /// <summary>A proxy's address without user and password, which may hold any letter where it cannot be read.</summary>
    private static string WithoutUser(string proxy) => Regex.Replace(proxy, @"^([""']?[\w+.-]+://)?.*@", "$1", RegexOptions.Singleline);

    private static string Page(HubEnvironment environment, HubAddress address) =>
        $"{environment.Endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{address.Id}";

    private static string Host(HubEnvironment environment) => environment.Endpoint.Authority;

    /// <summary>A stranger's words: short, and as words of a stranger.</summary>
    private static string Quoted(string message) => message.Length == 0 ? "" : $" and says '{Short(message)}'";

    /// <summary>The same as a sentence.</summary>
    private static string Says(string message) => message.Length == 0 ? "" : $" The hub says: '{Short(message)}'.";

    private static string Short(string message) => (message.Length > 300 ? message.Substring(0, 300) : message).TrimEnd('.');
}
