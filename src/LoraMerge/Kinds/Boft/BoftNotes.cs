using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Boft;

/// <summary>What is said of BOFT adapters without stopping a merge.</summary>
internal static class BoftNotes
{
    public static MergeEvent.Warning ConvolutionAssumed(AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.BoftConvolutionAssumed,
            $"PEFT up to 0.13 rotated other numbers of a convolution's weight by BOFT than later releases. Adapter '{adapter}' was written by {origin} "
                + $"({origin.Evidence}), so its file does not tell; the later rule is taken. To choose, set AdapterVersion of the adapter to the release of "
                + "PEFT that it was trained with.",
            adapter
        );
}
