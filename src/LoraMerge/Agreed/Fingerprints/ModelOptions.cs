using System.Globalization;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>What decides the merged model besides the contents of its inputs. The task and the worker make it from the same words.</summary>
internal sealed record ModelOptions
{
    /// <summary>The merged model's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>As <see cref="NameOf"/> gives it for the base.</summary>
    public string BaseName { get; init; } = "";

    public string? BaseVersion { get; init; }

    /// <summary>In the order in which they are applied.</summary>
    public IReadOnlyList<AdapterOptions> Adapters { get; init; } = [];

    public string DType { get; init; } = "auto";

    /// <summary>As the user wrote it; null keeps the base's shards.</summary>
    public string? MaxShardSize { get; init; }

    public string Combine { get; init; } = "sequential";

    /// <summary>As the user wrote it; null if not given.</summary>
    public string? Density { get; init; }

    /// <summary><c>total</c> or <c>frequency</c>.</summary>
    public string MajoritySign { get; init; } = "total";

    /// <summary>Decimal digits without leading zeros; null if not given.</summary>
    public string? SvdRank { get; init; }

    /// <summary>As asked for: what <c>auto</c> becomes is the machine's affair and does not make a model stale.</summary>
    public string Device { get; init; } = "auto";

    /// <summary><c>error</c> or <c>warn</c>.</summary>
    public string OnUnmatched { get; init; } = "error";

    /// <summary>The name of a folder, or of a weight file without its extension.</summary>
    public static string NameOf(string path)
    {
        string trimmed = path.TrimEnd('/', '\\');
        return File.Exists(trimmed) ? Path.GetFileNameWithoutExtension(trimmed) : Path.GetFileName(trimmed);
    }

    /// <summary>One line per option, the same for the same options on every machine.</summary>
    public IEnumerable<string> ToLines()
    {
        yield return "name " + Name;
        yield return "base " + BaseName;
        yield return "base-version " + BaseVersion;
        yield return "dtype " + DType;
        yield return "max-shard-size " + MaxShardSize;
        yield return "combine " + Combine;
        yield return "density " + Density;
        yield return "majority-sign " + MajoritySign;
        yield return "svd-rank " + SvdRank;
        yield return "device " + Device;
        yield return "on-unmatched " + OnUnmatched;
        foreach (AdapterOptions adapter in Adapters)
        {
            yield return "adapter " + adapter.Name;
            yield return "weight " + adapter.Weight.ToString("R", CultureInfo.InvariantCulture);
            yield return "version " + adapter.Version;
            yield return "base-range " + adapter.BaseRange;
            yield return "expert-layout " + adapter.ExpertLayout;
            yield return "adapter-release " + adapter.Release;
        }
    }
}

/// <param name="Name">As <see cref="ModelOptions.NameOf"/> gives it for the adapter.</param>
/// <param name="Weight">Factor on the adapter's change.</param>
/// <param name="Version">The adapter's version, if given.</param>
/// <param name="BaseRange">The range of base versions that it was trained for, if given.</param>
/// <param name="ExpertLayout"><c>peft</c> or <c>unsloth</c>.</param>
/// <param name="Release">The release that wrote the adapter, if given.</param>
internal sealed record AdapterOptions(string Name, double Weight = 1, string? Version = null, string? BaseRange = null, string ExpertLayout = "peft", string? Release = null);
