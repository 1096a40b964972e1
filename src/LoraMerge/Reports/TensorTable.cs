using System.Collections.Immutable;
using System.Globalization;

namespace LoraMerge.Reports;

/// <summary>The part of a page that has all numbers of each changed tensor.</summary>
internal static class TensorTable
{
    /// <summary>80 blocks of seven modules and more; beyond it a page grows too large to open.</summary>
    public const int MostRows = 700;

    /// <summary>Bars of a little chart; the text beside it counts all.</summary>
    private const int MostBars = 16;

    /// <summary>Values that the page has to show: the rest would be most of its bytes.</summary>
    private const int MostValues = 24;

    private const int BarHeight = 16;

    private static readonly string[] s_columns =
        ["Tensor", "‖ΔW‖ / ‖W‖", "‖ΔW‖", "Share of elements changed", "Share kept by rounding", "What was done", "Singular values of ΔW"];

    public static Html Of(MergeReport report)
    {
        var page = new Html();
        ImmutableArray<ReportedTensor> tensors = report.Tensors;
        string noun = tensors.Length == 1 ? "tensor" : "tensors";
        page.Add($"<details class=\"all\"><summary>All numbers of {NumberText.Count(Math.Min(tensors.Length, MostRows))} changed {noun}</summary>");
        if (tensors.Length > MostRows)
            page.Add($"<p class=\"quiet\">The first {MostRows} of {tensors.Length}; “lora-merge report --json” has all.</p>");
        page.Add($"<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Table of changed tensors\"><table class=\"numbers\" id=\"numbers\">");
        page.Add($"<caption>Norms are Frobenius’. Numbers have six digits.</caption><thead><tr>");
        foreach (string column in s_columns)
            page.Add($"<th scope=\"col\">{column}</th>");
        page.Add($"</tr></thead><tbody>");
        foreach ((ReportedTensor tensor, int i) in tensors.Take(MostRows).Select((tensor, i) => (tensor, i)))
            Row(page, tensor, i);
        page.Add($"</tbody></table></div></details>");
        return page;
    }

    private static void Row(Html page, ReportedTensor tensor, int number)
    {
        page.Add($"<tr id=\"t{number}\" tabindex=\"-1\"><th scope=\"row\"><bdi>{tensor.Name}</bdi> <small>{tensor.DType} {ShapeOf(tensor)}</small></th>");
        page.Add($"<td>{NumberText.Exact(tensor.RelativeChange)}</td><td>{NumberText.Exact(tensor.DeltaNorm)}</td>");
        page.Add($"<td>{NumberText.Exact(tensor.ChangedShare)}</td><td>{NumberText.Exact(tensor.KeptShare)}</td><td>");
        if (tensor.ReplacedBy is string adapter)
            page.Add($"<p>values of <bdi>{adapter}</bdi></p>");
        foreach (ReportedDelta delta in tensor.Deltas)
            page.Add($"<p><bdi>{delta.Adapter}</bdi>: {Describe(delta)}</p>");
        page.Add($"</td>");
        if (tensor.SingularValues is { IsEmpty: false } values)
            Spectrum(page, values);
        else
            page.Add($"<td>{NumberText.None}</td>");
        page.Add($"</tr>");
    }

    private static void Spectrum(Html page, ImmutableArray<double> values)
    {
        page.Add($"<td data-values=\"{string.Join(' ', values.Take(MostValues).Select(value => NumberText.Exact(value)))}\">");
        int bars = Math.Min(values.Length, MostBars);
        if (values[0] > 0)
        {
            page.Add($"<svg viewBox=\"0 0 {4 * bars} {BarHeight}\" width=\"{4 * bars}\" height=\"{BarHeight}\" aria-hidden=\"true\">");
            page.Add($"<path d=\"{Bars(values, bars)}\"/></svg> ");
        }
        page.Add($"{NumberText.Short(values[0])} … {NumberText.Short(values[^1])}, {Needed(values)} of {values.Length} for 90 %</td>");
    }

    private static string Bars(ImmutableArray<double> values, int count) => string.Concat(
        Enumerable.Range(0, count)
            .Select(i => (X: 4 * i, Height: Math.Max((int)Math.Round(BarHeight * values[i] / values[0]), 1)))
            .Select(bar => string.Create(CultureInfo.InvariantCulture, $"M{bar.X} {BarHeight}v-{bar.Height}h3v{bar.Height}")));

    /// <summary>Directions that hold nine tenths of ‖ΔW‖².</summary>
    private static int Needed(ImmutableArray<double> values)
    {
        double all = values.Sum(value => value * value), sum = 0;
        return values.TakeWhile(value => (sum += value * value) < 0.9 * all).Count() + (all > 0 ? 1 : 0);
    }

    private static string ShapeOf(ReportedTensor tensor) => tensor.Shape is { } shape ? string.Join(" × ", shape) : "";

    private static string Describe(ReportedDelta delta) => string.Join(", ", new[]
    {
        delta.Method,
        delta.Rank is long rank ? string.Create(CultureInfo.InvariantCulture, $"rank {rank}") : null,
        $"scaling {NumberText.Exact(delta.Scaling)}",
        delta.Norm is double norm ? $"‖ΔW‖ {NumberText.Exact(norm)}" : null,
    }.OfType<string>());
}
