using LoraMerge.Diagnostics;
using LoraMerge.Merging;
using LoraMerge.Requests;

namespace LoraMerge.Writing;

/// <summary>Tells of adapters that change nothing, which is known only when the merge is done.</summary>
internal static class IdleAdapters
{
    public static IEnumerable<MergeEvent> Of(IReadOnlyList<TensorOutcome> outcomes, OpenedInputs inputs)
    {
        bool isNothingChanged = outcomes.Count > 0 && outcomes.All(outcome => !outcome.IsChange);
        for (int adapter = 0; adapter < inputs.Adapters.Length; adapter++)
        {
            if (inputs.Request.Adapters[adapter].Weight == 0)
                continue;
            bool isZero = outcomes.Count > 0 && outcomes.All(outcome => IsZero(outcome, adapter));
            if (isZero || isNothingChanged)
                yield return Notes.AdapterChangesNothing(inputs.Adapters[adapter].Path, isZero);
        }
    }

    private static bool IsZero(TensorOutcome outcome, int adapter) =>
        outcome.Tensor.ReplacedBy != adapter
        && outcome.Tensor.Changes.Zip(outcome.DeltaNorms)
            .All(pair => !pair.First.Adapters.Contains(adapter) || (pair.Second is 0 && pair.First.Adapters.Length == 1));
}
