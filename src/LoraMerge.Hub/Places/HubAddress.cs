using LoraMerge.Hub.Faults;

namespace LoraMerge.Hub.Places;

/// <summary>
/// <c>hf://NAMESPACE/NAME[/SUBFOLDER][@REVISION]</c>, or with the subfolder behind the revision: <c>hf://NAMESPACE/NAME@REVISION/SUBFOLDER</c>.
/// </summary>
/// <remarks>
/// Where a subfolder stands before the <c>@</c>, all behind it is the revision. Where none does, a slash behind the <c>@</c> can be one of the revision or the
/// one before a subfolder; <see cref="Readings"/> has what can be meant, and what the repository has decides. Git has no branch <c>a</c> beside a branch
/// <c>a/b</c>, so one repository knows one of the two. <c>%2F</c> is always a slash of the revision, where it arrives: MSBuild makes a plain one of it.
/// </remarks>
public sealed class HubAddress
{
    /// <summary>What every address begins with.</summary>
    public const string Scheme = AddressScheme.Text;

    /// <summary>The revision of an address that names none.</summary>
    public const string DefaultRevision = "main";

    private const int LongestName = 96;

    /// <summary>More would be as many requests.</summary>
    private const int MostReadings = 6;

    private HubAddress(string text, string owner, string name, IReadOnlyList<HubReading> readings)
    {
        Text = text;
        Namespace = owner;
        Name = name;
        Readings = readings;
    }

    /// <summary>The address as it was written.</summary>
    public string Text { get; }

    /// <summary>User or organisation.</summary>
    public string Namespace { get; }

    /// <summary>Name of the repository; a result is named after it.</summary>
    public string Name { get; }

    /// <summary>Namespace and name, with a slash between.</summary>
    public string Id => $"{Namespace}/{Name}";

    /// <summary>What the address can mean, the likeliest first; mostly one.</summary>
    internal IReadOnlyList<HubReading> Readings { get; }

    /// <summary>Whether a text is meant as an address of the hub. A bare <c>NAMESPACE/NAME</c> is a folder.</summary>
    public static bool IsAddress(string text) => AddressScheme.Begins(text);

    /// <exception cref="HubException">LORA7001.</exception>
    public static HubAddress Parse(string text)
    {
        if (!IsAddress(text))
            throw HubErrors.AddressInvalid(text, $"it does not begin with '{Scheme}'");
        if (text.Any(char.IsControl) || text.Contains('\\'))
            throw HubErrors.AddressInvalid(text, "it holds a backslash or a control character");
        var parts = AddressParts.Of(text);
        if (parts.Kind is not (null or AddressParts.Models))
            throw HubErrors.AddressInvalid(text, $"'{parts.Kind}' are no models, and only models and adapters can be merged");
        IReadOnlyList<string> path = parts.Path;
        if (path.Count < 2)
            throw HubErrors.AddressInvalid(text, "a namespace and a name are expected, with a slash between");
        if (!IsName(path[0]) || !IsName(path[1]) || path[1].EndsWith(".git", StringComparison.Ordinal))
            throw HubErrors.AddressInvalid(text, $"'{path[0]}/{path[1]}' is no name that a repository can have");
        string subfolder = string.Join("/", path.Skip(2));
        if (subfolder.Length > 0 && !HubNames.IsPath(subfolder))
            throw HubErrors.AddressInvalid(text, $"'{subfolder}' is no folder within a repository");
        HubReading[] readings = parts.Revision is null ? [new HubReading(DefaultRevision, subfolder)]
            : [.. ReadingsOf(parts.Revision, subfolder).Where(IsSound)];
        return readings.Length > 0
            ? new HubAddress(text, path[0], path[1], readings)
            : throw HubErrors.AddressInvalid(text, $"'{parts.Revision}' is no branch, tag or commit, and none with a folder behind it");
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static IEnumerable<HubReading> ReadingsOf(string text, string subfolder)
    {
        string[] parts = text.Split('/');
        if (parts.Contains(""))
            return [];
        if (subfolder.Length > 0 || parts.Length == 1)
            return [new HubReading(Decoded(text), subfolder)];
        int length = parts[0] == "refs" && parts[1] is "pr" or "convert" ? 3
            : parts[0] == DefaultRevision || HubNames.IsCommit(parts[0]) || Decoded(parts[0]) != parts[0] ? 1
            : 0;
        return length > 0
            ? [Reading(Math.Min(length, parts.Length))]
            : Enumerable.Range(0, Math.Min(parts.Length, MostReadings)).Select(i => Reading(parts.Length - i));

        HubReading Reading(int count) => new(Decoded(string.Join("/", parts.Take(count))), string.Join("/", parts.Skip(count)));
    }

    private static bool IsSound(HubReading reading) =>
        HubNames.IsRevision(reading.Revision) && (reading.Subfolder.Length == 0 || HubNames.IsPath(reading.Subfolder));

    private static string Decoded(string text) => text.Replace("%2F", "/").Replace("%2f", "/");

    /// <summary>As the hub itself allows.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(letter => IsWord(letter) || letter is '-' or '.') && IsWord(name[0]) && IsWord(name[name.Length - 1])
        && !name.Contains("--") && !name.Contains("..");

    private static bool IsWord(char letter) => letter is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_';
}

/// <summary>One meaning of an address.</summary>
/// <param name="Revision">Branch, tag or commit, whole or shortened.</param>
/// <param name="Subfolder">Folder within the repository, with '/'; empty for the repository itself.</param>
internal sealed record HubReading(string Revision, string Subfolder);
