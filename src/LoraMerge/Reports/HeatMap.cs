using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraMerge.Reports;

/// <summary>The changed tensors as blocks by modules, by their names alone.</summary>
/// <param name="Stacks">One for each row of blocks of the model: a language model has one, with vision there may be more.</param>
/// <param name="Outside">Tensors outside of all blocks, such as embeddings.</param>
/// <param name="LeftOut">How many cells there was no room for.</param>
internal sealed partial record HeatMap(ImmutableArray<HeatStack> Stacks, ImmutableArray<HeatCell> Outside, int LeftOut)
{
    /// <summary>128 blocks of nine modules; a page stays small and can be looked at.</summary>
    private const int MostCells = 1200;

    private const int MostStacks = 12;

    private const int MostOutside = 40;

    public static HeatMap Of(IReadOnlyList<ReportedTensor> tensors)
    {
        var places = tensors.Select(tensor => (Tensor: tensor, Place: NameInBlock.Match(tensor.Name))).ToList();
        HeatCell[] outside =
        [
            .. places.Where(pair => !pair.Place.Success).Select(pair => new HeatCell(WithoutWeight(pair.Tensor.Name), [pair.Tensor])),
        ];
        HeatStack[] all =
        [
            .. places.Where(pair => pair.Place.Success)
                .GroupBy(pair => pair.Place.Groups["stack"].Value, pair => (pair.Tensor, pair.Place), StringComparer.Ordinal)
                .Select(stack => StackOf(stack.Key.TrimEnd('.'), stack)),
        ];
        int room = MostCells;
        ImmutableArray<HeatStack> shown = [.. all.Take(MostStacks).TakeWhile(stack => (room -= stack.Modules.Length * stack.Rows.Length) >= 0)];
        int leftOut = all.Skip(shown.Length).SelectMany(stack => stack.Rows).SelectMany(row => row.Cells).Count(cell => cell is not null);
        return new HeatMap(shown, [.. outside.Take(MostOutside)], leftOut + Math.Max(outside.Length - MostOutside, 0));
    }

    /// <summary>Every number in it, by the metric.</summary>
    public IEnumerable<double> Values(HeatMetric metric) => Stacks.SelectMany(stack => stack.Rows).SelectMany(row => row.Cells).OfType<HeatCell>()
        .Concat(Outside)
        .Select(cell => metric.Value(cell.Tensors))
        .OfType<double>();

    private static HeatStack StackOf(string name, IEnumerable<(ReportedTensor Tensor, Match Place)> tensors)
    {
        var cells = tensors
            .GroupBy(pair => PlaceOf(pair.Place), pair => pair.Tensor)
            .ToDictionary(cell => cell.Key, cell => new HeatCell(cell.Key.Module, [.. cell]));
        ImmutableArray<string> modules = [.. cells.Keys.Select(key => key.Module).Distinct().OrderBy(OrderOf).ThenBy(module => module, StringComparer.Ordinal)];
        IEnumerable<HeatRow> rows = cells.Keys.Select(key => key.Block).Distinct().Order()
            .Select(block => new HeatRow(block, [.. modules.Select(module => cells.GetValueOrDefault((block, module)))]));
        return new HeatStack(name, modules, [.. rows]);
    }

    private static (int Block, string Module) PlaceOf(Match name) =>
        (int.Parse(name.Groups["block"].Value, CultureInfo.InvariantCulture), ModuleOf(name.Groups["module"].Value));

    /// <summary>Experts of a block share a cell.</summary>
    private static string ModuleOf(string rest) => WithoutWeight(Number.Replace(rest, "*"));

    private static string WithoutWeight(string name) => name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;

    /// <summary>As values flow through a block: attention first, q before k before v before o, then gate, up and down.</summary>
    private static int OrderOf(string module)
    {
        string[] words = ["q_", "k_", "v_", "qkv", "o_proj", "out_proj", "dense", "gate", "up", "fc1", "down", "fc2"];
        int word = Array.FindIndex(words, word => module[(module.LastIndexOf('.') + 1)..].StartsWith(word, StringComparison.Ordinal));
        bool isAttention = module.Contains("attn", StringComparison.Ordinal) || module.Contains("attention", StringComparison.Ordinal);
        return (isAttention ? 0 : 100) + (word < 0 ? words.Length : word);
    }

    [GeneratedRegex(@"^(?<stack>(?:[^.]+\.)*?)(?<block>[0-9]{1,4})\.(?<module>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex NameInBlock { get; }

    [GeneratedRegex(@"(?<=^|\.)[0-9]+(?=\.|$)")]
    private static partial Regex Number { get; }
}

/// <summary>The blocks of one part of the model.</summary>
/// <param name="Name">What stands before the block's number, such as <c>model.layers</c>.</param>
/// <param name="Modules">The columns.</param>
/// <param name="Rows">The blocks of which a tensor was changed.</param>
internal sealed record HeatStack(string Name, ImmutableArray<string> Modules, ImmutableArray<HeatRow> Rows);

/// <summary>A block.</summary>
/// <param name="Block">Its number.</param>
/// <param name="Cells">One for each module; null where nothing was changed.</param>
internal sealed record HeatRow(int Block, ImmutableArray<HeatCell?> Cells);

/// <summary>A changed module of a block.</summary>
/// <param name="Module">Its name.</param>
/// <param name="Tensors">One; or those of all experts.</param>
internal sealed record HeatCell(string Module, ImmutableArray<ReportedTensor> Tensors);
