using System.Collections.Immutable;

namespace LoraMerge.Adapters;

/// <summary>The kinds of PEFT that no tool can merge, each with what it does and why.</summary>
internal static class UnmergedKinds
{
    private const string TrainedPrompt = "a trained beginning of every input; it changes no weight";
    private const string LearnsInputs = "it learns inputs to the model instead of changing its weights";
    private const string DependsOnInput = "what it does depends on each input, so no fixed weights do the same";

    /// <summary>In ordinal order of their names.</summary>
    public static ImmutableArray<AdapterKind> All { get; } =
    [
        UnmergedKind.Never(
            "ADAMSS",
            "small matrices for groups of similar rows of weights",
            "the clusters of the base's rows that training used are not in the file",
            "adamss_"
        ),
        UnmergedKind.Never(
            "ADAPTION_PROMPT",
            "trained prompts that attention layers look at beside the input",
            "it adds attention to learned prompts, which is no change of weights",
            "adaption_"
        ),
        UnmergedKind.Never("CARTRIDGE", TrainedPrompt, LearnsInputs),
        UnmergedKind.Never("CPT", TrainedPrompt, LearnsInputs),
        UnmergedKind.Never("LILY", "small matrices that layers share and mix anew for each input", DependsOnInput, "lily_"),
        UnmergedKind.Never("MULTITASK_PROMPT_TUNING", TrainedPrompt, LearnsInputs),
        UnmergedKind.Never("POLY", "several small adapters that are mixed anew for each task", DependsOnInput, "poly_"),
        UnmergedKind.Never("PREFIX_TUNING", "trained keys and values that attention layers see before the input", LearnsInputs),
        UnmergedKind.Never("PROMPT_TUNING", TrainedPrompt, LearnsInputs),
        UnmergedKind.Never("P_TUNING", TrainedPrompt, LearnsInputs),
        UnmergedKind.Never("XLORA", "several small adapters that are mixed anew for each token", DependsOnInput, "xlora_"),
    ];
}
