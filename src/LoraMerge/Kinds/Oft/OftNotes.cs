using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Oft;

/// <summary>What is said of OFT adapters without stopping a merge.</summary>
internal static class OftNotes
{
    public static MergeEvent.Warning SeriesAssumed(AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.OftSeriesAssumed,
            $"PEFT 0.16 and 0.17 trained OFT with another last term of the Cayley-Neumann series than later releases. Adapter '{adapter}' was written by "
                + $"{origin} ({origin.Evidence}), so its file does not tell; the later series is taken. To choose, set AdapterVersion of the adapter to "
                + "the release of PEFT that it was trained with.",
            adapter
        );
}
