using System.Collections.Frozen;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge;

/// <summary>Adapters in plain words.</summary>
internal static class AdapterWords
{
    private const string Prompt = "a trained beginning of every input; it changes no weight";

    /// <summary>What each kind does, in half a sentence.</summary>
    private static readonly FrozenDictionary<string, string> Kinds = new Dictionary<string, string>
    {
        ["LORA"] = "small matrices whose product is added to weights",
        ["ADALORA"] = "LoRA that gives important layers a larger rank",
        ["ADAMSS"] = "small matrices for groups of similar rows of weights",
        ["ADAPTION_PROMPT"] = "trained prompts that attention layers look at beside the input",
        ["BEFT"] = "trained biases",
        ["BOFT"] = "rotations of weights, made of many small ones",
        ["BONE"] = "one small block that is repeated all over a weight and added to it",
        ["C3A"] = "circular convolutions that are added to weights",
        ["DELORA"] = "LoRA with a bounded length",
        ["FOURIERFT"] = "a few frequencies whose pattern is added to weights",
        ["HRA"] = "reflections of weights",
        ["IA3"] = "one factor for each output or input of some layers",
        ["LILY"] = "small matrices that layers share and mix anew for each input",
        ["LN_TUNING"] = "trained normalisation layers, whole",
        ["LOHA"] = "two products of small matrices, multiplied element by element and added to weights",
        ["LOKR"] = "Kronecker products of small matrices, added to weights",
        ["MISS"] = "one small block that is repeated all over a weight and added to it",
        ["OFT"] = "rotations of weights",
        ["POLY"] = "several LoRA adapters that are mixed anew for each task",
        ["PREFIX_TUNING"] = "trained keys and values that attention layers see before the input",
        ["PROMPT_TUNING"] = Prompt,
        ["MULTITASK_PROMPT_TUNING"] = Prompt,
        ["P_TUNING"] = Prompt,
        ["CPT"] = Prompt,
        ["CARTRIDGE"] = Prompt,
        ["RANDLORA"] = "mixtures of random matrices that are added to weights",
        ["SHIRA"] = "single numbers of weights, changed one by one",
        ["TRAINABLE_TOKENS"] = "rows of the embedding for a few tokens",
        ["VBLORA"] = "LoRA whose matrices are mixed from one bank of vectors",
        ["VERA"] = "random matrices that all layers share, with trained factors for each layer",
        ["XLORA"] = "several LoRA adapters that are mixed anew for each token",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What an adapter of a <c>peft_type</c> is.</summary>
    public static string Kind(string peftType) =>
        Kinds.TryGetValue(peftType, out string? does) ? $"{peftType} adapter: {does}" : $"{peftType} adapter";

    /// <summary>Which weights are changed, how finely and how strongly.</summary>
    public static string Corrections(IReadOnlyCollection<AdapterModule> modules, IReadOnlyList<int> ranks, IReadOnlyList<double> scalings)
    {
        string[] paths = [.. modules.Select(module => module.Path)];
        return string.Create(CultureInfo.InvariantCulture, $"It corrects {paths.Length} {(paths.Length == 1 ? "weight" : "weights")} ({LastParts(paths)}){InBlocks(paths)}. ")
            + $"A correction has rank {Join(ranks)}, the number of independent directions that it can move a weight in, and is added with factor {Join(scalings)}.";
    }

    /// <summary>The same of parameters that hold the weights of all experts. The config tells, as the keys do not name the parameters.</summary>
    public static string ExpertCorrections(IReadOnlyCollection<string> parameters, IReadOnlyList<int> ranks, IReadOnlyList<double> scalings) =>
        $"It corrects the weights of experts and the like ({LastParts(parameters)}){InBlocks(parameters)}, each expert's with rank {Join(ranks)} and factor {Join(scalings)}.";

    /// <summary>What is not as in most adapters.</summary>
    public static IEnumerable<string> Oddities(Adapter adapter)
    {
        LoraConfig config = adapter.Config;
        if (config.BaseModelName is string name && Quantization.IsQuantizedName(name))
            yield return $"it was trained on a quantised copy of the base, '{name}'; merge it into the full-precision model";
        if (config.Initialisation is "pissa" or "olora")
            yield return $"it was trained after a part of the base had been taken away ({config.Initialisation}); merging takes it away again";
        if (config.UsesKasa)
            yield return "it was trained after the least part of each weight had been taken away (KaSA); merging takes it away again";
        if (adapter.Modules.Any(module => !module.EnabledProjections.IsEmpty))
            yield return "it changes only some of the projections that one weight holds side by side (enable_lora)";
        if (!config.LayerReplication.IsEmpty)
            yield return "its model has layers of the base several times over (layer_replication)";
        if (config.BlockDiagonal is not null)
            yield return "some of its matrices consist of blocks, with zeros between them that are not stored (BdLoRA)";
        if (config.KeepsTies && config.Origin.Library == AdapterOrigin.Peft)
            yield return "what it does to the embedding holds for the output head too, where the base has both in one (ensure_weight_tying)";
        if (adapter.HasLostBiases)
            yield return "biases were trained, if its layers have any, but they are not in the file: PEFT 0.7 to 0.20 did not save them";
        if (!adapter.Rows.IsEmpty)
            yield return "it holds the rows of single tokens whole";
        if (!adapter.Ignored.IsEmpty)
            yield return string.Create(CultureInfo.InvariantCulture, $"{adapter.Ignored.Length} of its tensors were only needed in training");
    }

    private static string LastParts(IEnumerable<string> paths) => string.Join(", ", paths.Select(path => path.Split('.')[^1]).Distinct().Order(StringComparer.Ordinal));

    private static string InBlocks(IEnumerable<string> paths)
    {
        int[] blocks = [.. paths.Select(BlockOf).OfType<int>().Distinct().Order()];
        return blocks.Length == 0 ? "" : $" in {(blocks.Length == 1 ? "block" : "blocks")} {Ranges(blocks)}";
    }

    /// <summary>The first number in a path is that of the block.</summary>
    private static int? BlockOf(string path)
    {
        foreach (string part in path.Split('.'))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int block))
                return block;
        }
        return null;
    }

    /// <summary><c>0-3, 7</c>.</summary>
    private static string Ranges(int[] numbers)
    {
        var ranges = new List<string>();
        for (int first = 0, last; first < numbers.Length; first = last + 1)
        {
            for (last = first; last + 1 < numbers.Length && numbers[last + 1] == numbers[last] + 1; last++) { }
            ranges.Add(string.Create(CultureInfo.InvariantCulture, $"{numbers[first]}{(first == last ? "" : $"-{numbers[last]}")}"));
        }
        return string.Join(", ", ranges);
    }

    private static string Join<T>(IEnumerable<T> values)
        where T : IFormattable => string.Join(" or ", values.Select(value => value.ToString(null, CultureInfo.InvariantCulture)));
}
