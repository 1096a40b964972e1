using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Requests;

/// <summary>Holds the ranges of base versions that adapters ask for against each other and against the base's version, by NuGet's own rules.</summary>
internal static class VersionRanges
{
    /// <exception cref="LoraMergeException">LORA1104, LORA1105, LORA1113.</exception>
    public static void ThrowIfUnsatisfied(MergeRequest request)
    {
        List<LoraMergeException> faults = [];
        NuGetVersion? version = null;
        if (request.BaseVersion is string text && !NuGetVersion.TryParse(text, out version))
            faults.Add(Errors.VersionInvalid("Version of the base model", text, request.BaseModel));
        List<Asked> ranges = [];
        foreach (AdapterRequest adapter in request.Adapters)
        {
            if (adapter.Version is string own && !NuGetVersion.TryParse(own, out _))
                faults.Add(Errors.VersionInvalid($"Version of adapter '{adapter.Path}'", own, adapter.Path));
            if (adapter.BaseVersionRange is not string rangeText)
                continue;
            if (VersionRange.TryParse(rangeText, out VersionRange? range))
                ranges.Add(new Asked(adapter.Path, rangeText, range));
            else
                faults.Add(Errors.VersionInvalid($"BaseModelVersion of adapter '{adapter.Path}'", rangeText, adapter.Path));
        }
        ThrowIfAny(faults);
        ThrowIfInConflict(ranges, request.BaseModel);
        foreach (Asked asked in ranges)
        {
            if (version is null)
                faults.Add(Errors.BaseVersionMissing(asked.Adapter, asked.Text, request.BaseModel));
            else if (!IsSatisfied(asked.Range, version))
                faults.Add(Errors.BaseVersionMismatch(asked.Adapter, asked.Text, request.BaseModel, version.ToNormalizedString()));
        }
        ThrowIfAny(faults);
    }

    private static void ThrowIfAny(List<LoraMergeException> faults)
    {
        if (faults.Count > 0)
            throw Errors.All(faults);
    }

    /// <summary>No version of the base could serve both, whatever it is.</summary>
    private static void ThrowIfInConflict(List<Asked> ranges, string baseModel)
    {
        for (int second = 1; second < ranges.Count; second++)
        {
            for (int first = 0; first < second; first++)
            {
                if (VersionRange.CommonSubSet([.. Bounds(ranges[first].Range), .. Bounds(ranges[second].Range)]).Equals(VersionRange.None))
                    throw Errors.BaseVersionConflict(
                        baseModel,
                        (ranges[first].Adapter, ranges[first].Text),
                        (ranges[second].Adapter, ranges[second].Text)
                    );
            }
        }
    }

    /// <summary>Ranges that hold all that a range allows, without a wish in them: <c>1.*</c> lies from 1.0 to below 2.0.</summary>
    private static IEnumerable<VersionRange> Bounds(VersionRange range)
    {
        yield return new VersionRange(range.MinVersion, range.IsMinInclusive, range.MaxVersion, range.IsMaxInclusive);
        if (range.Float is not { MinVersion: NuGetVersion least } wish)
            yield break;
        NuGetVersion? end = wish.FloatBehavior switch
        {
            NuGetVersionFloatBehavior.Minor or NuGetVersionFloatBehavior.PrereleaseMinor => new NuGetVersion(least.Major + 1, 0, 0),
            NuGetVersionFloatBehavior.Patch or NuGetVersionFloatBehavior.PrereleasePatch => new NuGetVersion(least.Major, least.Minor + 1, 0),
            NuGetVersionFloatBehavior.Revision or NuGetVersionFloatBehavior.PrereleaseRevision => new NuGetVersion(least.Major, least.Minor, least.Patch + 1),
            NuGetVersionFloatBehavior.Prerelease => new NuGetVersion(least.Major, least.Minor, least.Patch),
            _ => null,
        };
        yield return new VersionRange(least, includeMinVersion: true, end, includeMaxVersion: wish.FloatBehavior == NuGetVersionFloatBehavior.Prerelease);
    }

    /// <summary>To a restore, <c>1.*</c> is a wish and means "1.0 or later"; here it means what it says.</summary>
    private static bool IsSatisfied(VersionRange range, NuGetVersion version) =>
        range.Satisfies(version) && (!range.IsFloating || range.Float!.Satisfies(version));

    private sealed record Asked(string Adapter, string Text, VersionRange Range);
}
