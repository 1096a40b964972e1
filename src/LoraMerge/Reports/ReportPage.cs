using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;

namespace LoraMerge.Reports;

/// <summary>A report as one page that needs nothing beside it: markup, colours and the little script are in it, and it may load nothing.</summary>
internal static partial class ReportPage
{
    private const int MostWarnings = 100;

    public static string Of(MergeReport report)
    {
        string script = Resource("report.js"), template = Resource("report.html");
        var map = HeatMap.Of(report.Tensors);
        var parts = new Dictionary<string, string>
        {
            ["mark"] = ReportMark.Of(KeyForm.IsMatch(report.Manifest.Key) ? report.Manifest.Key : "unknown"),
            ["scriptHash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script))),
            ["title"] = Title(report).ToString(),
            ["style"] = Resource("report.css"),
            ["head"] = Head(report).ToString(),
            ["summary"] = Summary(report).ToString(),
            ["warnings"] = Warnings(report).ToString(),
            ["map"] = HeatMapPart.Of(report, map).ToString(),
            ["tensors"] = TensorTable.Of(report).ToString(),
            ["origin"] = OriginPart.Of(report).ToString(),
            ["script"] = script,
        };
        return Place.Replace(template, place => parts[place.Groups["part"].Value]);
    }

    private static Html Title(MergeReport report)
    {
        var title = new Html();
        title.Add($"{report.Manifest.Name} – merge report");
        return title;
    }

    private static Html Head(MergeReport report)
    {
        var page = new Html();
        page.Add($"<p class=\"over\">Merge report</p><h1><bdi>{report.Manifest.Name}</bdi></h1>");
        page.Add($"<p class=\"made\"><bdi class=\"chip\">{report.Manifest.Base.Name}</bdi>");
        foreach (ManifestAdapter adapter in report.Manifest.Adapters)
        {
            page.Add($" <span class=\"plus\">+</span> <bdi class=\"chip\">{adapter.Name}</bdi>");
            if (adapter.Weight != 1)
                page.Add($"<span class=\"times\"> × {NumberText.Exact(adapter.Weight)}</span>");
        }
        page.Add($"</p><p class=\"source\">{SourceOf(report)}</p>");
        return page;
    }

    private static string SourceOf(MergeReport report) => report.Source switch
    {
        ReportSource.Manifest =>
            "From the manifest of the merged model. What is not in a manifest, “lora-merge report” computes when it is given base and adapters.",
        ReportSource.Merge when report.Tensors.Count(tensor => tensor is { ReplacedBy: null, WeightNorm: null }) is > 0 and int left =>
            $"Measured while the model was merged. {NumberText.Count(left)} tensors were taken over from an earlier model and are not measured anew.",
        ReportSource.Merge => "Measured while the model was merged.",
        _ => "Measured in a merge that was computed for this page.",
    };

    private static Html Summary(MergeReport report)
    {
        var page = new Html();
        ReportedModel model = report.Model;
        Figure(page, "Tensors changed", NumberText.Count(report.Tensors.Length), model.TensorCount is int all ? $"of {NumberText.Count(all)}" : "");
        if (model.RelativeChange is not null)
            Figure(page, "Size of the change", NumberText.Percent(model.RelativeChange), "‖ΔW‖ / ‖W‖ of all that was changed");
        if (model.ChangedShare is not null)
            Figure(page, "Elements changed", NumberText.Percent(model.ChangedShare), "of the changed tensors");
        if (model.KeptShare is not null)
            Figure(page, "Kept by rounding", NumberText.Percent(model.KeptShare), "of all ΔW, in the result’s dtype");
        if (model.ByteLength is long bytes)
            Figure(page, "Weights", Errors.Bytes(bytes), model.ElementCount is long elements ? $"{NumberText.Count(elements)} numbers" : "");
        if (report.Run is { } run)
            Figure(page, "Time", NumberText.Seconds(run.Seconds), report.Source == ReportSource.Merge ? "to merge" : "to compute");
        return page;
    }

    private static void Figure(Html page, string name, string value, string note) =>
        page.Add($"<div><dt>{name}</dt><dd><b>{value}</b><span>{note}</span></dd></div>");

    private static Html Warnings(MergeReport report)
    {
        var page = new Html();
        if (report.Warnings is not { } warnings)
            page.Add($"<p class=\"quiet\">A manifest does not hold the warnings of its merge.</p>");
        else if (warnings.IsEmpty)
            page.Add($"<p class=\"quiet\"><span class=\"good\" aria-hidden=\"true\">✓</span> No warnings.</p>");
        else
        {
            page.Add($"<ul class=\"warnings\">");
            foreach (ReportedWarning warning in warnings.Take(MostWarnings))
                page.Add($"<li><b>{warning.Code}</b> <bdi>{warning.Text}</bdi></li>");
            page.Add($"</ul>");
            if (warnings.Length > MostWarnings)
                page.Add($"<p class=\"quiet\">… and {warnings.Length - MostWarnings} more.</p>");
        }
        return page;
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream($"LoraMerge.Reports.Page.{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    [GeneratedRegex(@"\{\{(?<part>\w+)\}\}")]
    private static partial Regex Place { get; }

    [GeneratedRegex("^[0-9a-f]{32}$")]
    private static partial Regex KeyForm { get; }
}
