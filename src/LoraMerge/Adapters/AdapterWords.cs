using System.Globalization;
using LoraMerge.Checkpoints;

namespace LoraMerge.Adapters;

/// <summary>Adapters in plain words.</summary>
internal static class AdapterWords
{
    /// <summary>What is not as in most adapters.</summary>
    public static IEnumerable<string> Oddities(Adapter adapter)
    {
        AdapterConfig config = adapter.Config;
        if (config.BaseModelName is string name && QuantizedNames.IsQuantizedName(name))
            yield return $"it was trained on a quantised copy of the base, '{name}'; merge it into the full-precision model";
        foreach (string oddity in adapter.Own.Oddities(adapter))
            yield return oddity;
        if (!config.LayerReplication.IsEmpty)
            yield return "its model has layers of the base several times over (layer_replication)";
        if (adapter.KeepsTies && !adapter.Dialect.KeepsTiesAlways)
            yield return "what it does to the embedding holds for the output head too, where the base has both in one (ensure_weight_tying)";
        if (adapter.HasLostBiases)
            yield return "biases were trained, if its layers have any, but they are not in the file: PEFT 0.7 to 0.20 did not save them";
        if (!adapter.Rows.IsEmpty)
            yield return "it holds the rows of single tokens whole";
        if (!adapter.Ignored.IsEmpty)
            yield return string.Create(CultureInfo.InvariantCulture, $"{adapter.Ignored.Length} of its tensors were only needed in training");
    }

    /// <summary><c>4 weights (q_proj, v_proj) in blocks 0-1</c>.</summary>
    public static string Weights(IEnumerable<string> modules)
    {
        string[] paths = [.. modules];
        return string.Create(CultureInfo.InvariantCulture, $"{paths.Length} {(paths.Length == 1 ? "weight" : "weights")} {Places(paths)}");
    }

    /// <summary><c>(q_proj, v_proj) in blocks 0-1</c>.</summary>
    public static string Places(IEnumerable<string> paths)
    {
        int[] blocks = [.. paths.Select(BlockOf).OfType<int>().Distinct().Order()];
        string last = string.Join(", ", paths.Select(path => path.Split('.')[^1]).Distinct().Order(StringComparer.Ordinal));
        return $"({last}){(blocks.Length == 0 ? "" : $" in {(blocks.Length == 1 ? "block" : "blocks")} {Ranges(blocks)}")}";
    }

    /// <summary><c>2 or 4</c>.</summary>
    public static string Join<T>(IEnumerable<T> values)
        where T : IFormattable => string.Join(" or ", values.Select(value => value.ToString(null, CultureInfo.InvariantCulture)));

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
}
