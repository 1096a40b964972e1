using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.SuperTuning;

/// <summary>What is said of Super-Tuning adapters without stopping a merge.</summary>
internal static class SuperTuningNotes
{
    public static MergeEvent.Warning PlacesAssumed(string adapter) =>
        new(
            DiagnosticCode.ChangedPlacesAssumed,
            $"Adapter '{adapter}' does not hold the places of the numbers that it changes (\"save_precomputed_indices\": false). They are found again in "
                + "the base as PyTorch's topk finds them on a CPU; among numbers of one size the order may have been another where it was trained, such "
                + "as on a GPU, and the file does not tell. To be sure, load it where it was trained and save it with save_precomputed_indices.",
            adapter
        );
}
