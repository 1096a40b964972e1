using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.RandLora;

/// <summary>What is said of RandLoRA adapters without stopping a merge.</summary>
internal static class RandLoraNotes
{
    public static MergeEvent.Warning DrawAssumed(string adapter) =>
        new(
            DiagnosticCode.ProjectionDrawAssumed,
            $"Adapter '{adapter}' does not hold its random matrices (\"save_projection\": false). They are drawn again as PyTorch 2.13 draws them; PyTorch "
                + "2.10 draws other numbers in bfloat16 from the same seed, and the file does not tell which trained it. To be sure, load it where it was "
                + "trained and save it with save_projection.",
            adapter
        );
}
