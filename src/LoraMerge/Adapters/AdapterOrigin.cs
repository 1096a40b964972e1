using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>
/// Which library wrote an adapter, and which of its releases may have done it: the model that was trained is that of the release that wrote the file.
/// </summary>
internal sealed class AdapterOrigin
{
    internal const string Peft = "PEFT";
    internal const string Mlx = "mlx_lm";
    internal const string LlamaCpp = "llama.cpp";

    private readonly VersionRange _releases;

    internal AdapterOrigin(string library, VersionRange releases, string evidence, bool isAsked = false)
    {
        Library = library;
        _releases = releases;
        Evidence = evidence;
        IsAsked = isAsked;
    }

    /// <summary>PEFT, mlx_lm or llama.cpp.</summary>
    public string Library { get; }

    /// <summary>What the releases were told by, in words.</summary>
    public string Evidence { get; }

    /// <summary>Whether the user named the release.</summary>
    public bool IsAsked { get; }

    /// <summary>The releases in words: <c>0.17.0 or later, before 0.18.0</c>.</summary>
    public string Releases => (_releases.MinVersion, _releases.MaxVersion) switch
    {
        (null, null) => "any release",
        (null, { } last) => $"before {last.ToNormalizedString()}",
        ({ } first, null) => $"{first.ToNormalizedString()} or later",
        var (first, last) when first == last => first.ToNormalizedString(),
        var (first, last) => $"{first.ToNormalizedString()} or later, {(_releases.IsMaxInclusive ? "up to" : "before")} {last.ToNormalizedString()}",
    };

    /// <summary>Whether a rule that holds for a range of releases holds for this adapter; null where the file cannot tell.</summary>
    internal bool? Follows(VersionRange rule)
    {
        VersionRange both = VersionRange.CommonSubSet([_releases, rule]);
        if (both.Equals(VersionRange.None))
            return false;
        return both.Equals(_releases) ? true : null;
    }

    /// <summary>Whether a release that the user named is none of those that the file tells of.</summary>
    internal bool IsContradictedBy(AdapterOrigin asked) => asked.IsAsked && Follows(asked._releases) == false;

    /// <summary>What the user says wrote the adapter, which goes before what the file tells.</summary>
    /// <exception cref="LoraMergeException">LORA1105.</exception>
    internal static AdapterOrigin Asked(string library, string release, string adapter) =>
        NuGetVersion.TryParse(release, out NuGetVersion? version)
            ? new AdapterOrigin(library, new VersionRange(version, true, version, true), "AdapterVersion", isAsked: true)
            : throw Errors.AdapterReleaseInvalid(adapter, release);

    /// <inheritdoc/>
    public override string ToString() => _releases is { MinVersion: null, MaxVersion: null } ? $"an unknown release of {Library}" : $"{Library} {Releases}";
}
