using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Psoft;

/// <summary>What is said of PSOFT adapters without stopping a merge.</summary>
internal static class PsoftNotes
{
    public static MergeEvent.Warning SignsAssumed(string adapter) =>
        new(
            DiagnosticCode.SingularVectorSignsAssumed,
            $"Adapter '{adapter}' is of PSOFT, whose files leave out the directions that it turns. They are found again in the base by the decomposition "
                + "that PEFT uses on a CPU; their signs, and directions of nearly the same strength, may come out otherwise on a GPU or with another "
                + "library of linear algebra, and the file does not tell which trained it. Compare the merged model's answers with those of the adapter "
                + "in PEFT.",
            adapter
        );
}
