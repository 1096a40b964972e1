using System.Collections.Immutable;

namespace LoraMerge.Reports;

/// <summary>The part of a page that shows blocks by modules, with the choice of what colours mean, and a legend.</summary>
internal static class HeatMapPart
{
    public static Html Of(MergeReport report, HeatMap map)
    {
        var page = new Html();
        Measured[] metrics = [.. HeatMetric.Of(report).Select(metric => new Measured(metric, new HeatScale(map.Values(metric))))];
        if (metrics.Length == 0 || (map.Stacks.IsEmpty && map.Outside.IsEmpty))
        {
            page.Add($"<p class=\"quiet\">Nothing that could be shown by block and module was changed.</p>");
            return page;
        }
        var rows = report.Tensors.Take(TensorTable.MostRows).Select((tensor, i) => (tensor.Name, i)).ToDictionary(StringComparer.Ordinal);
        Choice(page, metrics);
        foreach (Measured metric in metrics)
            Legend(page, metric);
        page.Add($"<p class=\"quiet hint\" id=\"hint\">Point at a cell, or go through the cells with the arrow keys, to see its numbers. ");
        page.Add($"Enter leads to its row in the table.</p>");
        page.Add($"<div class=\"map\"><div class=\"grids\">");
        foreach (HeatStack stack in map.Stacks)
            Grid(page, stack, metrics, rows);
        if (!map.Outside.IsEmpty)
            Outside(page, map.Outside, metrics, rows);
        page.Add($"</div><aside class=\"panel\" id=\"panel\" aria-live=\"polite\"></aside></div>");
        if (map.LeftOut > 0)
            page.Add($"<p class=\"quiet\">{map.LeftOut} more cells have no room here; “lora-merge report --json” has all numbers.</p>");
        return page;
    }

    private static void Choice(Html page, Measured[] metrics)
    {
        page.Add($"<fieldset class=\"choice\"><legend>Colours show</legend>");
        foreach ((HeatMetric metric, _) in metrics)
        {
            page.Add($"<label><input type=\"radio\" name=\"metric\" id=\"by-{metric.Id}\"");
            if (metric == metrics[0].Metric)
                page.Add($" checked");
            page.Add($"><span>{metric.Title}</span></label>");
        }
        page.Add($"</fieldset>");
    }

    private static void Legend(Html page, Measured measured)
    {
        (HeatMetric metric, HeatScale scale) = measured;
        page.Add($"<div class=\"legend for-{metric.Id}\"><p>{metric.Meaning}</p><ol aria-label=\"Legend: {metric.Title}\">");
        for (int step = 0; step < HeatScale.StepCount && !scale.IsFlat; step++)
        {
            page.Add($"<li class=\"s{step}\"><span>{metric.Show(scale.EdgeOf(step))}</span><span class=\"to\"> to </span>");
            page.Add($"<span class=\"{(step == HeatScale.StepCount - 1 ? "end" : "to")}\">{metric.Show(scale.EdgeOf(step + 1))}</span></li>");
        }
        if (scale.IsFlat)
            page.Add($"<li class=\"s{HeatScale.StepCount / 2}\"><span>{metric.Show(scale.EdgeOf(0))}</span></li>");
        page.Add($"</ol>");
        if (scale.IsLogarithmic)
            page.Add($"<p class=\"quiet\">Each step is the same factor.</p>");
        page.Add($"</div>");
    }

    private static void Grid(Html page, HeatStack stack, Measured[] metrics, Dictionary<string, int> rows)
    {
        (string Group, string Name)[] columns = [.. stack.Modules.Select(Split)];
        page.Add($"<div class=\"wide\" tabindex=\"-1\"><table class=\"heat\" role=\"grid\" aria-readonly=\"true\" aria-describedby=\"hint\">");
        page.Add($"<caption>Blocks of <code><bdi>{stack.Name}</bdi></code></caption><thead><tr><th scope=\"col\" rowspan=\"2\">block</th>");
        foreach (IGrouping<string, (string Group, string Name)> group in Runs(columns))
            page.Add($"<th colspan=\"{group.Count()}\" scope=\"colgroup\"><span><bdi>{group.Key}</bdi></span></th>");
        page.Add($"</tr><tr>");
        foreach ((_, string name) in columns)
            page.Add($"<th scope=\"col\"><span><bdi>{name}</bdi></span></th>");
        page.Add($"</tr></thead><tbody>");
        foreach (HeatRow row in stack.Rows)
        {
            page.Add($"<tr><th scope=\"row\">{row.Block}</th>");
            foreach (HeatCell? cell in row.Cells)
            {
                if (cell is null)
                    page.Add($"<td class=\"none\"></td>");
                else
                    Cell(page, cell, metrics, rows);
            }
            page.Add($"</tr>");
        }
        page.Add($"</tbody></table></div>");
    }

    private static void Outside(Html page, ImmutableArray<HeatCell> cells, Measured[] metrics, Dictionary<string, int> rows)
    {
        page.Add($"<div class=\"wide\" tabindex=\"-1\"><table class=\"heat outside\" role=\"grid\" aria-readonly=\"true\" aria-describedby=\"hint\">");
        page.Add($"<caption>Outside of blocks</caption><tbody>");
        foreach (HeatCell cell in cells)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{cell.Module}</bdi></th>");
            Cell(page, cell, metrics, rows);
            page.Add($"</tr>");
        }
        page.Add($"</tbody></table></div>");
    }

    private static void Cell(Html page, HeatCell cell, Measured[] metrics, Dictionary<string, int> rows)
    {
        double?[] values = [.. metrics.Select(measured => measured.Metric.Value(cell.Tensors))];
        page.Add($"<td class=\"");
        foreach (((HeatMetric metric, HeatScale scale), double? value) in metrics.Zip(values))
        {
            if (value is double known)
                page.Add($"{metric.Id}{scale.StepOf(known)} ");
        }
        page.Add($"\" tabindex=\"-1\"");
        if (cell.Tensors is [ReportedTensor only] && rows.TryGetValue(only.Name, out int row))
            page.Add($" data-row=\"{row}\"");
        else
            page.Add($" data-of=\"{cell.Module}, {cell.Tensors.Length} tensors\"");
        page.Add($">");
        foreach ((HeatMetric metric, double? value) in metrics.Select(measured => measured.Metric).Zip(values))
            page.Add($"<span class=\"v-{metric.Id}\">{metric.Show(value).Replace(" %", "", StringComparison.Ordinal)}</span>");
        page.Add($"</td>");
    }

    /// <summary>Neighbours of the same group share a heading.</summary>
    private static IEnumerable<IGrouping<string, (string Group, string Name)>> Runs((string Group, string Name)[] columns)
    {
        for (int first = 0; first < columns.Length;)
        {
            int count = columns.Skip(first).TakeWhile(column => column.Group == columns[first].Group).Count();
            yield return columns.Skip(first).Take(count).GroupBy(column => column.Group).Single();
            first += count;
        }
    }

    private static (string Group, string Name) Split(string module) =>
        module.LastIndexOf('.') is > 0 and int dot ? (module[..dot], module[(dot + 1)..]) : ("", module);

    private sealed record Measured(HeatMetric Metric, HeatScale Scale);
}
