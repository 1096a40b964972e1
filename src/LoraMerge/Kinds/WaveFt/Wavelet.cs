using System.Collections.Immutable;

namespace LoraMerge.Kinds.WaveFt;

/// <summary>The filters of a wavelet, by which a signal is put together again.</summary>
/// <param name="Low">The low filter.</param>
internal sealed partial record Wavelet(ImmutableArray<double> Low)
{
    /// <summary>The high filter: h[i] = (-1)ⁱ·low[L - 1 - i].</summary>
    public ImmutableArray<double> High { get; } = [.. Low.Select((_, i) => i % 2 == 0 ? Low[Low.Length - 1 - i] : -Low[Low.Length - 1 - i])];

    /// <summary>All names that PEFT knows.</summary>
    public static string Names => string.Join(", ", LowFilters.Keys.Order(StringComparer.Ordinal));

    public static bool IsKnown(string name) => LowFilters.ContainsKey(name);

    /// <param name="name">In lower case.</param>
    public static Wavelet Of(string name) => new([.. LowFilters[name]]);
}
