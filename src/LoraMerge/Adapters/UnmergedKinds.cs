using System.Collections.Immutable;

namespace LoraMerge.Adapters;

/// <summary>The kinds of PEFT that are refused, each with what it does. A kind that gets a folder leaves this table.</summary>
internal static class UnmergedKinds
{
    private const string TrainedPrompt = "a trained beginning of every input; it changes no weight";
    private const string LearnsInputs = "it learns inputs to the model instead of changing its weights";
    private const string DependsOnInput = "what it does depends on each input, so no fixed weights do the same";

    /// <summary>In ordinal order of their names.</summary>
    public static ImmutableArray<AdapterKind> All { get; } =
    [
        UnmergedKind.Never("ADAMSS", "small matrices for groups of similar rows of weights", "the clusters of the base's rows that training used are not in the file", "adamss_"),
        UnmergedKind.Never("ADAPTION_PROMPT", "trained prompts that attention layers look at beside the input", "it adds attention to learned prompts, which is no change of weights", "adaption_"),
        UnmergedKind.NotYet("BEFT", "trained biases", "beft_"),
        UnmergedKind.NotYet("BOFT", "rotations of weights, made of many small ones", "boft_"),
        UnmergedKind.NotYet("C3A", "circular convolutions that are added to weights", "c3a_"),
        UnmergedKind.Never("CARTRIDGE", TrainedPrompt, LearnsInputs),
        UnmergedKind.Never("CPT", TrainedPrompt, LearnsInputs),
        UnmergedKind.NotYet("DEFT", "a few directions that are taken out of weights, and others that are put in their place", "deft_"),
        UnmergedKind.NotYet("DELORA", "small matrices whose product, brought to a trained length, is added to weights", "delora_"),
        UnmergedKind.NotYet("FOURIERFT", "a few frequencies whose pattern is added to weights", "fourierft_"),
        UnmergedKind.NotYet("FROD", "trained factors in directions that all layers of a sort share, which replace those of the weights", "frod_"),
        UnmergedKind.NotYet("GLORA", "trained factors and additions for weights and biases, each a number, a vector or small matrices", "glora_"),
        UnmergedKind.NotYet("GRALORA", "small matrices for each block of a weight, whose products are added to it", "gralora_"),
        UnmergedKind.NotYet("HIRA", "small matrices whose product multiplies weights element by element", "hira_"),
        UnmergedKind.NotYet("HRA", "reflections of weights", "hra_"),
        UnmergedKind.NotYet("IA3", "one factor for each output or input of some layers", "ia3_"),
        UnmergedKind.Never("LILY", "small matrices that layers share and mix anew for each input", DependsOnInput, "lily_"),
        UnmergedKind.NotYet("LN_TUNING", "trained normalisation layers, whole", "ln_tuning_"),
        UnmergedKind.Never("MULTITASK_PROMPT_TUNING", TrainedPrompt, LearnsInputs),
        UnmergedKind.NotYet("OFT", "rotations of weights", "oft_").WithFields(new FirstWritten("0.14.0", ["oft_block_size"]), new FirstWritten("0.16.0", ["use_cayley_neumann"])),
        UnmergedKind.NotYet("OSF", "the least directions of weights, trained anew", "osf_"),
        UnmergedKind.NotYet("PEANUT", "small networks that turn a weight into what is added to it", "peanut_"),
        UnmergedKind.Never("POLY", "several small adapters that are mixed anew for each task", DependsOnInput, "poly_"),
        UnmergedKind.Never("PREFIX_TUNING", "trained keys and values that attention layers see before the input", LearnsInputs),
        UnmergedKind.Never("PROMPT_TUNING", TrainedPrompt, LearnsInputs),
        UnmergedKind.NotYet("PSOFT", "rotations within the strongest directions of weights", "psoft_"),
        UnmergedKind.Never("P_TUNING", TrainedPrompt, LearnsInputs),
        UnmergedKind.NotYet("ROAD", "rotations of pairs of outputs, each with its own angle and length", "road_"),
        UnmergedKind.NotYet("SHIRA", "single numbers of weights, changed one by one", "shira_"),
        UnmergedKind.NotYet("SUPERTUNING", "the largest numbers of weights, changed one by one", "supertuning_"),
        UnmergedKind.NotYet("TRAINABLE_TOKENS", "rows of the embedding for a few tokens", "trainable_tokens_"),
        UnmergedKind.NotYet("WAVEFT", "a few wavelets whose pattern is added to weights", "waveft_"),
        UnmergedKind.Never("XLORA", "several small adapters that are mixed anew for each token", DependsOnInput, "xlora_"),
    ];
}
