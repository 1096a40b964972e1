using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>A plan as a tree: what goes in, what it costs, and what becomes of which tensors; tensors of which the same becomes share a branch.</summary>
internal static partial class PlanView
{
    public static void Show(IAnsiConsole screen, PlannedMerge merge)
    {
        string root = string.Create(CultureInfo.InvariantCulture, $"{merge.BaseName}: {merge.TensorCount} tensors, {Errors.Bytes(merge.ByteLength)}");
        var tree = new Tree(Screen.Cell(root, new Style(decoration: Decoration.Bold)));
        if (merge.Layout.Summary is string summary)
            tree.AddNode(Screen.Cell($"format: {summary}"));
        for (int i = 0; i < merge.AdapterNames.Length; i++)
            tree.AddNode(Screen.Cell($"adapter {merge.AdapterNames[i]}: names {merge.Plan.NameRules[i]}"));
        tree.AddNode(Screen.Cell($"combine: {merge.Plan.Combination}"));
        tree.AddNode(Screen.Cell($"memory: about {merge.MemoryBytes / 1_000_000} MB"));
        PlannedTensorChange[] changes = [.. merge.Changes];
        TreeNode changed = tree.AddNode(Screen.Cell(string.Create(CultureInfo.InvariantCulture, $"{changes.Length} tensors are computed")));
        foreach (PlannedTensorChange[] alike in changes.GroupBy(KindOf, StringComparer.Ordinal).Select(group => group.ToArray()))
        {
            PlannedTensorChange first = alike[0];
            string name = alike.Length == 1 ? first.Name : string.Create(CultureInfo.InvariantCulture, $"{PatternOf(first.Name)} ({alike.Length} tensors)");
            TreeNode node = changed.AddNode(Screen.Cell($"{name} [{string.Join(", ", first.Shape)}] {first.DType.HeaderName()}"));
            node.AddNodes(first.Steps.Select(step => Screen.Cell(step, new Style(decoration: Decoration.Dim))));
        }
        screen.Write(tree);
    }

    private static string PatternOf(string name) => Number.Replace(name, "*");

    /// <summary>The same for tensors of which the same becomes in each block.</summary>
    private static string KindOf(PlannedTensorChange change) =>
        $"{PatternOf(change.Name)} [{string.Join(',', change.Shape)}] {change.DType} "
            + string.Join(';', change.Steps.Select(step => Number.Replace(step, "*")));

    [GeneratedRegex(@"(?<=\.)[0-9]+(?=\.)")]
    private static partial Regex Number { get; }
}
