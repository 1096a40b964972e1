using System.Globalization;
using System.Text.Json;
using LoraMerge.Manifests;
using LoraMerge.Reports;
using LoraMerge.Requests;
using PuppeteerSharp;
using PuppeteerSharp.Media;
using PuppeteerSharp.PageAccessibility;

namespace LoraMerge.Tests.Reports;

/// <summary>The page as people meet it: in a browser, wide and narrow, light and dark, by mouse, by keyboard, on paper and without its script.</summary>
public sealed class ReportBrowserTests(Chromium chromium)
{
    private const string Focused = "document.activeElement.closest('td')?.innerText";

    [Theory]
    [InlineData(1280, false)]
    [InlineData(1280, true)]
    [InlineData(400, false)]
    [InlineData(400, true)]
    public async Task The_page_fits_and_can_be_read(int width, bool isDark)
    {
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(ReportExamples.Of70B()), width, isDark);

        await page.PictureAsync($"report-{width}-{(isDark ? "dark" : "light")}");
        await page.EvaluateAsync<object>("document.querySelector('.heat').scrollIntoView({ behavior: 'instant' })");
        await page.PictureAsync($"report-{width}-{(isDark ? "dark" : "light")}-map");
        foreach (string metric in (string[])["kept", "share", "change"])
        {
            await page.EvaluateAsync<object>($"document.getElementById('by-{metric}').click()");
            Assert.InRange(await page.EvaluateAsync<double>(LeastContrast("table.heat td[class]:not(.none)")), 4.5, 21);
            Assert.Equal(561, await page.EvaluateAsync<int>($"[...document.querySelectorAll('.v-{metric}')].filter(e => e.checkVisibility()).length"));
        }
        Assert.InRange(await page.EvaluateAsync<double>(LeastContrast("p, dt, dd, dd > span, caption, summary, .legend li span, th, .choice span")), 4.5, 21);
        Assert.Equal(isDark, await page.EvaluateAsync<bool>("getComputedStyle(document.body).backgroundColor === 'rgb(18, 21, 29)'"));
        await page.EvaluateAsync<object>("document.querySelectorAll('details').forEach(details => details.open = true)");
        await page.AssertSoundAsync();
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(400)]
    public async Task A_single_tensor_has_a_legend_with_its_number_and_is_no_tensors(int width)
    {
        MergeReport report = ReportExamples.Of([ReportExamples.Of70B().Tensors[0]]);
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(report), width);

        const string label = "document.querySelector('.legend.for-change li > span:first-child')";

        Assert.True(await page.EvaluateAsync<bool>(label + ".checkVisibility({ visibilityProperty: true })"));
        Assert.Contains(NumberText.Percent(report.Tensors[0].RelativeChange), await page.EvaluateAsync<string>(label + ".innerText"), StringComparison.Ordinal);
        Assert.Equal("All numbers of 1 changed tensor", await page.EvaluateAsync<string>("document.querySelector('.all > summary').innerText"));
        await page.AssertSoundAsync();
    }

    [Fact]
    public async Task Its_numbers_are_those_of_the_manifest()
    {
        using var folder = new TestFolder();
        string sample = Path.Combine(Repository.Root, "sample-app");
        var request = new MergeRequest(
            Path.Combine(sample, "models", "base"),
            [new AdapterRequest(Path.Combine(sample, "adapters", "pirate")), new AdapterRequest(Path.Combine(sample, "adapters", "space"), 0.5)])
        {
            Device = "cpu", Name = "sea-tales",
        };
        await new Merger().MergeAsync(request, folder["merged"], CancellationToken.None);
        MergeManifest manifest = MergeManifest.Read(Path.Combine(folder["merged"], MergeManifest.FileName));
        MergeReport report = await new Merger().ReportAsync(request, folder["merged"], CancellationToken.None);
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(report));
        await page.PictureAsync("report-sample");

        string[][] rows = await page.EvaluateAsync<string[][]>(
            "[...document.querySelectorAll('#numbers tbody tr')].map(row => [row.cells[0].querySelector('bdi').textContent, "
                + "...[...row.cells].slice(1).map(cell => cell.textContent)])");

        Assert.Equal(manifest.Tensors.Keys, rows.Select(row => row[0]));
        Assert.All(rows, row =>
        {
            ManifestTensor tensor = manifest.Tensors[row[0]];
            Assert.Equal(tensor.ChangedShare, double.Parse(row[3], CultureInfo.InvariantCulture));
            Assert.All(tensor.Deltas, delta =>
            {
                Assert.Contains($"{delta.Adapter}: {delta.Method}, rank ", row[5], StringComparison.Ordinal);
                Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"scaling {delta.Scaling}, ‖ΔW‖ {delta.Norm}"), row[5], StringComparison.Ordinal);
            });
            Assert.All(row[1..], text => Assert.NotEqual("–", text));
        });
        string all = await page.EvaluateAsync<string>("document.body.textContent");
        Assert.All(
            (string[])[manifest.Key, .. manifest.Files.Values, .. manifest.Base.Files.Values, .. manifest.Adapters.SelectMany(adapter => adapter.Files.Values)],
            hash => Assert.Contains(hash, all, StringComparison.Ordinal));
        await page.AssertSoundAsync();
        folder.Passed();
    }

    [Fact]
    public async Task Keys_move_through_the_map_and_lead_to_the_row()
    {
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(ReportExamples.Of70B()));
        await page.Page.FocusAsync("#by-change");

        await page.PressAsync("Tab");
        string first = await page.EvaluateAsync<string>(Focused);
        await page.PressAsync("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp");
        string panel = await page.EvaluateAsync<string>("document.getElementById('panel').innerText");
        await page.PressAsync("ArrowUp", "ArrowUp", "Home", "ArrowLeft");
        string back = await page.EvaluateAsync<string>(Focused);
        await page.PressAsync("End", "PageDown");
        await page.PictureAsync("report-keys");
        await page.PressAsync("Enter");

        Assert.Equal(NumberText.Percent(ReportExamples.Of70B().Tensors[0].RelativeChange), first + " %");
        Assert.StartsWith("model.layers.1.self_attn.k_proj.weight", panel, StringComparison.Ordinal);
        Assert.Contains("support-tone: lora, rank 64, scaling 0.353553", panel, StringComparison.Ordinal);
        Assert.Equal(24, await page.EvaluateAsync<int>("document.querySelectorAll('#panel .bars i').length"));
        Assert.Equal(first, back);
        Assert.Equal("model.layers.79.mlp.down_proj.weight", await page.EvaluateAsync<string>("document.activeElement.querySelector('bdi').textContent"));
        Assert.True(await page.EvaluateAsync<bool>("document.activeElement.checkVisibility()"));
        await page.AssertSoundAsync();
    }

    [Fact]
    public async Task A_mouse_shows_the_numbers_of_what_it_points_at()
    {
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(ReportExamples.Of70B()));

        await page.Page.HoverAsync("td[data-row='8']");

        string panel = await page.EvaluateAsync<string>("document.getElementById('panel').innerText");
        Assert.StartsWith(ReportExamples.Of70B().Tensors[8].Name, panel, StringComparison.Ordinal);
        Assert.Contains(NumberText.Exact(ReportExamples.Of70B().Tensors[8].KeptShare), panel, StringComparison.Ordinal);
        await page.AssertSoundAsync();
    }

    [Fact]
    public async Task A_screen_reader_finds_a_grid_with_its_headings_and_a_table()
    {
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(ReportExamples.Of70B()));

        SerializedAXNode tree = await page.Page.Accessibility.SnapshotAsync(new AccessibilitySnapshotOptions { InterestingOnly = false });

        SerializedAXNode[] nodes = [.. All(tree)];
        SerializedAXNode grid = nodes.First(node => node.Role == "grid");
        Assert.Equal("Blocks of model.layers", grid.Name);
        Assert.Equal(560, All(grid).Count(node => node.Role == "gridcell"));
        Assert.Equal(80, All(grid).Count(node => node.Role == "rowheader"));
        Assert.Contains(All(grid), node => node is { Role: "columnheader", Name: "gate_proj" });
        Assert.Equal(
            ["Size of the change", "Elements changed", "Kept by rounding"], nodes.Where(node => node.Role == "radio").Select(node => node.Name.Trim()));
        Assert.Contains(nodes, node => node is { Role: "heading", Name: "Where the model changed" });
        Assert.Contains(nodes, node => node.Role == "list" && node.Name.StartsWith("Legend: Size of the change", StringComparison.Ordinal));
        await page.AssertSoundAsync();
    }

    [Fact]
    public async Task Without_its_script_the_page_shows_all_the_same()
    {
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(ReportExamples.Of70B()), hasScript: false);

        await page.Page.ClickAsync("label:has(#by-kept)");

        Assert.Equal(561, await page.EvaluateAsync<int>("[...document.querySelectorAll('.v-kept')].filter(e => e.checkVisibility()).length"));
        Assert.Equal(0, await page.EvaluateAsync<int>("[...document.querySelectorAll('.v-change')].filter(e => e.checkVisibility()).length"));
        await page.AssertSoundAsync();
    }

    [Fact]
    public async Task On_paper_everything_is_open_and_nothing_is_cut_off()
    {
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(ReportExamples.Of70B()), width: 760, isDark: true);
        await page.Page.EmulateMediaTypeAsync(MediaType.Print);

        byte[] paper = await page.Page.PdfDataAsync(new PdfOptions { Format = PaperFormat.A4, PrintBackground = false });

        Assert.Equal("%PDF", System.Text.Encoding.ASCII.GetString(paper, 0, 4));
        if (Environment.GetEnvironmentVariable("LORAMERGE_TEST_PICTURES") is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, "report.pdf"), paper, TestContext.Current.CancellationToken);
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('#numbers').checkVisibility()"));
        Assert.InRange(await page.EvaluateAsync<double>(LeastContrast("table.heat td[class]:not(.none)")), 4.5, 21);
        await page.PictureAsync("report-print", isWhole: true);
        await page.AssertSoundAsync();
    }

    [Fact]
    public async Task Names_that_are_markup_do_nothing()
    {
        const string name = "<img src=x onerror=alert(1)></script><script>alert(2)</script>";
        MergeReport sound = ReportExamples.Of70B();
        MergeReport hostile = sound with
        {
            Manifest = sound.Manifest with { Name = name },
            Tensors = [sound.Tensors[0] with { Name = name }, sound.Tensors[0] with { Name = $"model.layers.0.{name}" }, sound.Tensors[1]],
            Warnings = [new ReportedWarning("LORA1120", name)],
        };
        await using ChromiumPage page = await chromium.OpenAsync(ReportPage.Of(hostile), width: 400);

        await page.Page.FocusAsync("td[data-row='0']");

        Assert.Equal(name, await page.EvaluateAsync<string>("document.querySelector('#panel h3').textContent"));
        Assert.Equal(name, await page.EvaluateAsync<string>("document.querySelector('h1').textContent"));
        Assert.Equal(0, await page.EvaluateAsync<int>("document.images.length"));
        await page.AssertSoundAsync();
    }

    private static IEnumerable<SerializedAXNode> All(SerializedAXNode node) => (node.Children ?? []).SelectMany(All).Prepend(node);

    /// <summary>The least contrast of text in what can be seen, by WCAG's formula.</summary>
    private static string LeastContrast(string selector) => """
        (() => {
          const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
          const parse = text => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = text;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
          const light = c => .2126 * linear(c[0] / 255) + .7152 * linear(c[1] / 255) + .0722 * linear(c[2] / 255);
          const behind = e => {
            for (; e; e = e.parentElement) {
              const colour = parse(getComputedStyle(e).backgroundColor);
              if (colour[3] === 255) return colour;
            }
            return [255, 255, 255];
          };
          const seen = [...document.querySelectorAll(SELECTOR)]
            .filter(e => e.checkVisibility() && e.textContent.trim() && e.getBoundingClientRect().width > 1);
          return Math.min(...seen.map(e => {
            const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
            return (a + .05) / (b + .05);
          }));
        })()
        """.Replace("SELECTOR", JsonSerializer.Serialize(selector), StringComparison.Ordinal);
}
