using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge;

/// <summary>Holds each adapter's range of base versions against the base's version, by NuGet's own rules.</summary>
internal static class VersionRanges
{
    /// <exception cref="LoraMergeException">LORA1104, LORA1105.</exception>
    public static void ThrowIfUnsatisfied(MergeRequest request)
    {
        NuGetVersion? version = request.BaseVersion is string text
            ? NuGetVersion.TryParse(text, out NuGetVersion? parsed) ? parsed : throw Errors.VersionInvalid("Version of the base model", text)
            : null;
        foreach (AdapterRequest adapter in request.Adapters)
        {
            if (adapter.Version is string own && !NuGetVersion.TryParse(own, out _))
                throw Errors.VersionInvalid($"Version of adapter '{adapter.Path}'", own);
            if (adapter.BaseVersionRange is not string rangeText)
                continue;
            if (!VersionRange.TryParse(rangeText, out VersionRange? range))
                throw Errors.VersionInvalid($"BaseModelVersion of adapter '{adapter.Path}'", rangeText);
            if (version is null)
                throw Errors.BaseVersionMissing(adapter.Path, rangeText, request.BaseModel);
            if (!IsSatisfied(range, version))
                throw Errors.BaseVersionMismatch(adapter.Path, range.PrettyPrint(), request.BaseModel, version.ToNormalizedString());
        }
    }

    /// <summary>To a restore, <c>1.*</c> is a wish and means "1.0 or later"; here it means what it says.</summary>
    private static bool IsSatisfied(VersionRange range, NuGetVersion version) =>
        range.Satisfies(version) && (!range.IsFloating || range.Float!.Satisfies(version));
}
