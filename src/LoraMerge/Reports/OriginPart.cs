using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;

namespace LoraMerge.Reports;

/// <summary>The part of a page that says what the model was made of, how, and by which bytes.</summary>
internal static class OriginPart
{
    /// <summary>Files of a list; a model of 70 billion weights has some thirty.</summary>
    private const int MostFiles = 120;

    public static Html Of(MergeReport report)
    {
        var page = new Html();
        Adapters(page, report);
        Run(page, report);
        ManifestHead manifest = report.Manifest;
        page.Add($"<h3>How it was made</h3><table class=\"pairs\"><tbody><tr><th scope=\"row\">key</th><td><code>{manifest.Key}</code></td></tr>");
        page.Add($"<tr><th scope=\"row\">LoraMerge.Build</th><td>{manifest.Tool}</td></tr>");
        foreach ((string name, string value) in manifest.Options)
            page.Add($"<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
        page.Add($"</tbody></table><h3>From which files</h3>");
        Files(page, "Base", manifest.Base.Name, manifest.Base.Version, manifest.Base.Files, sha256: null);
        foreach (ManifestAdapter adapter in manifest.Adapters)
            Files(page, "Adapter", adapter.Name, adapter.Version, adapter.Files, sha256: null);
        if (manifest.Files.Count > 0)
            Files(page, "Merged model", manifest.Name, version: null, manifest.Files, manifest.Sha256);
        return page;
    }

    private static void Adapters(Html page, MergeReport report)
    {
        page.Add($"<h3>What was merged</h3><div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Adapters\"><table class=\"plain\"><thead><tr>");
        foreach (string column in (string[])["Adapter", "Weight", "Tensors", "Ways", "Ranks", "Scalings", "Names"])
            page.Add($"<th scope=\"col\">{column}</th>");
        page.Add($"</tr></thead><tbody>");
        foreach (ManifestAdapter adapter in report.Manifest.Adapters)
        {
            ReportedDelta[] deltas =
            [
                .. report.Tensors.SelectMany(tensor => tensor.Deltas).Where(delta => delta.Adapter.Split(" + ").Contains(adapter.Name)),
            ];
            int replaced = report.Tensors.Count(tensor => tensor.ReplacedBy == adapter.Name);
            page.Add($"<tr><th scope=\"row\"><bdi>{adapter.Name}</bdi></th><td>{NumberText.Exact(adapter.Weight)}</td>");
            page.Add($"<td>{NumberText.Count(deltas.Length + replaced)}</td>");
            page.Add($"<td>{Counted([.. deltas.Select(delta => delta.Method), .. Enumerable.Repeat("whole", replaced)])}</td>");
            page.Add($"<td>{Counted(deltas.Select(delta => delta.Rank).OfType<long>().Order().Select(rank => NumberText.Exact(rank)))}</td>");
            page.Add($"<td>{Counted(deltas.Select(delta => delta.Scaling).Order().Select(scaling => NumberText.Exact(scaling)))}</td>");
            page.Add($"<td>{adapter.NameRule}</td></tr>");
        }
        page.Add($"</tbody></table></div>");
    }

    private static void Run(Html page, MergeReport report)
    {
        if (report.Run is not { } run)
            return;
        string written = report.Source == ReportSource.Merge ? $"{Errors.Bytes(run.WrittenByteLength)} of tensors" : "nothing";
        page.Add($"<h3>What it took</h3><table class=\"pairs\"><tbody>");
        page.Add($"<tr><th scope=\"row\">read</th><td>{Errors.Bytes(run.ReadByteLength)} of weight files</td></tr>");
        page.Add($"<tr><th scope=\"row\">written</th><td>{written}</td></tr>");
        page.Add($"<tr><th scope=\"row\">computed</th><td>{NumberText.Count(run.ComputedTensorCount)} tensors</td></tr>");
        page.Add($"<tr><th scope=\"row\">time</th><td>{NumberText.Seconds(run.Seconds)}</td></tr></tbody></table>");
    }

    private static void Files(
        Html page,
        string what,
        string name,
        string? version,
        ImmutableSortedDictionary<string, string> files,
        ImmutableSortedDictionary<string, string>? sha256)
    {
        page.Add($"<details class=\"files\"><summary>{what} <bdi>{name}</bdi> {version} ");
        page.Add($"<small>{files.Count} {(files.Count == 1 ? "file" : "files")}</small></summary>");
        page.Add($"<table class=\"pairs\"><caption>XxHash128 of each file{(sha256 is null ? "" : ", and SHA-256")}</caption><tbody>");
        foreach ((string file, string hash) in files.OrderBy(file => file.Key, StringComparer.Ordinal).Take(MostFiles))
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{file}</bdi></th><td><code>{hash}</code>");
            if (sha256?.TryGetValue(file, out string? sha) == true)
                page.Add($"<br><code>{sha}</code>");
            page.Add($"</td></tr>");
        }
        page.Add($"</tbody></table>");
        if (files.Count > MostFiles)
            page.Add($"<p class=\"quiet\">… and {files.Count - MostFiles} more; lora-merge.json lists them.</p>");
        page.Add($"</details>");
    }

    /// <summary>Each once, with how often it is there where they are not all the same.</summary>
    private static string Counted(IEnumerable<string> words)
    {
        (string Word, int Count)[] counted = [.. words.GroupBy(word => word, StringComparer.Ordinal).Select(group => (group.Key, group.Count()))];
        return counted.Length switch
        {
            0 => NumberText.None,
            1 => counted[0].Word,
            _ => string.Join(", ", counted.Take(8).Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Word} ({each.Count}×)")))
                + (counted.Length > 8 ? ", …" : ""),
        };
    }
}
