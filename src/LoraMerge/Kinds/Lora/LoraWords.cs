using System.Globalization;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Lora;

/// <summary>LoRA adapters in plain words.</summary>
internal static class LoraWords
{
    /// <summary>Ranks and factors, in words and as numbers.</summary>
    public static IEnumerable<(string Name, object Value)> Facts(LoraConfig config, Adapter adapter)
    {
        LoraModule[] layers = [.. adapter.Modules.OfType<LoraModule>()];
        int[] ranks = [.. layers.Select(module => module.Rank).Distinct().Order()];
        double[] scalings = [.. layers.Select(module => module.Scaling).Distinct().Order()];
        // The config tells, as the keys do not name the parameters.
        (string Path, LoraConfig Config)[] parameters =
        [
            .. adapter
                .Modules.OfType<LoraParameters>()
                .SelectMany(module => module.Config.ParametersOf(module.Path).Select(parameter => ($"{module.Path}.{parameter}", module.Config))),
        ];
        int[] expertRanks = [.. parameters.Select(parameter => parameter.Config.Ranks.RankOf(parameter.Path)).Distinct().Order()];
        double[] expertScalings = [.. parameters.Select(parameter => parameter.Config.ScalingOf(parameter.Path)).Distinct().Order()];
        string[] words =
        [
            .. ranks.Length > 0 ? [Corrections(layers.Select(module => module.Path), ranks, scalings)] : (string[])[],
            .. parameters.Length > 0 ? [ExpertCorrections(parameters.Select(parameter => parameter.Path), expertRanks, expertScalings)] : (string[])[],
        ];
        if (words.Length > 0)
        {
            yield return ("in words", string.Join(' ', words));
            yield return ("ranks", ranks.Union(expertRanks).Order().Select(rank => rank.ToString(CultureInfo.InvariantCulture)).ToArray());
            yield return ("scalings", scalings.Union(expertScalings).Order().Select(scaling => scaling.ToString(CultureInfo.InvariantCulture)).ToArray());
        }
        if (config.UsesRsLora)
            yield return ("scaling rule", "rank-stabilised: alpha divided by the root of the rank");
    }

    /// <summary>Variants that few adapters are.</summary>
    public static IEnumerable<string> Oddities(LoraConfig config, Adapter adapter)
    {
        if (config.Initialisation is "pissa" or "olora")
            yield return $"it was trained after a part of the base had been taken away ({config.Initialisation}); merging takes it away again";
        if (config.UsesKasa)
            yield return "it was trained after the least part of each weight had been taken away (KaSA); merging takes it away again";
        if (adapter.Modules.OfType<LoraModule>().Any(module => module.HasFusedProjections))
            yield return "it changes only some of the projections that one weight holds side by side (enable_lora)";
        if (config.BlockDiagonal is not null)
            yield return "some of its matrices consist of blocks, with zeros between them that are not stored (BdLoRA)";
    }

    /// <summary>Which weights are changed, how finely and how strongly.</summary>
    private static string Corrections(IEnumerable<string> paths, IReadOnlyList<int> ranks, IReadOnlyList<double> scalings) =>
        $"It corrects {AdapterWords.Weights(paths)}. "
        + $"A correction has rank {AdapterWords.Join(ranks)}, the number of independent directions that it can move a weight in, and is added with factor "
        + $"{AdapterWords.Join(scalings)}.";

    private static string ExpertCorrections(IEnumerable<string> parameters, IReadOnlyList<int> ranks, IReadOnlyList<double> scalings) =>
        $"It corrects the weights of experts and the like {AdapterWords.Places(parameters)}, each expert's with rank {AdapterWords.Join(ranks)} and factor "
            + $"{AdapterWords.Join(scalings)}.";
}
