using System.Collections.Immutable;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>Fields that a release writes first.</summary>
internal sealed record FirstWritten(NuGetVersion Release, ImmutableArray<string> Fields)
{
    public FirstWritten(string release, ImmutableArray<string> fields)
        : this(new NuGetVersion(release), fields) { }
}
