using System.Text;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Manifests;
using LoraMerge.Reports;

namespace LoraMerge.Tests.Reports;

/// <summary>The page as text: what is in it, and what must never be.</summary>
public sealed class ReportPageTests
{
    private const string Hostile = "a</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`&{{key}}\u202Eelif\u0007\n--><b>";

    private static readonly string[] s_hostileNames =
        [Hostile, $"{Hostile}.1.{Hostile}", $"model.layers.0.{Hostile}", $"model.layers.0.{Hostile}.3.x", $"model.layers.0.{Hostile}.4.x"];

    [Fact]
    public void A_model_of_70_billion_weights_is_less_than_a_megabyte()
    {
        string page = ReportPage.Of(ReportExamples.Of70B());

        Assert.InRange(Encoding.UTF8.GetByteCount(page), 100_000, 1_000_000);
        Assert.Equal(561, Count(page, "<tr id=\"t"));
    }

    [Fact]
    public void A_model_of_thousands_of_tensors_is_too_and_says_what_it_leaves_out()
    {
        ReportedTensor[] one = [ReportExamples.Of70B().Tensors[0]];
        var tensors = Enumerable.Range(0, 60).SelectMany(block => Enumerable.Range(0, 128).Select(expert =>
            one[0] with { Name = $"model.layers.{block}.mlp.experts.{expert}.gate_proj.weight" }))
            .Concat(Enumerable.Range(0, 3000).Select(i => one[0] with { Name = $"stack{i}.0.proj.weight" }));

        string page = ReportPage.Of(ReportExamples.Of([.. tensors]));

        Assert.InRange(Encoding.UTF8.GetByteCount(page), 100_000, 1_200_000);
        Assert.Contains("The first 700 of 10680", page, StringComparison.Ordinal);
        Assert.Contains("more cells have no room here", page, StringComparison.Ordinal);
        Assert.Contains("mlp.experts.*.gate_proj, 128 tensors", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_asks_for_nothing_from_anywhere()
    {
        string page = ReportPage.Of(ReportExamples.Of70B());

        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.All(
            (string[])["http:", "https:", " src=", " href=", "url(", "@import", "fetch(", "<link"],
            word => Assert.DoesNotContain(word, page, StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public void Text_of_files_stays_text_wherever_it_stands()
    {
        MergeReport sound = ReportExamples.Of70B();
        MergeReport hostile = sound with
        {
            Manifest = sound.Manifest with
            {
                Name = Hostile,
                Key = Hostile,
                Tool = Hostile,
                Base = new ManifestBase(Hostile, Hostile, sound.Manifest.Base.Files.Add(Hostile, Hostile)),
                Adapters = [new ManifestAdapter(Hostile, 1, Hostile, Hostile, Hostile, sound.Manifest.Files.Add(Hostile, Hostile))],
                Options = sound.Manifest.Options.Add(Hostile, Hostile),
                Files = sound.Manifest.Files.Add(Hostile, Hostile),
                Sha256 = sound.Manifest.Files.Add(Hostile, Hostile),
            },
            Tensors =
            [
                .. s_hostileNames
                    .Select(name => sound.Tensors[0] with { Name = name, ReplacedBy = Hostile, DType = Hostile, Deltas = [new(Hostile, Hostile, 1, 1, 1)] }),
            ],
            Warnings = [new(Hostile, Hostile)],
        };

        string page = ReportPage.Of(hostile);

        Assert.Equal(1, Count(page, "<script"));
        Assert.Equal(1, Count(page, "</script"));
        Assert.Equal(1, Count(page, "-->"));
        Assert.All((string[])["<img", "<b>\"", "\u202E", "\u0007", "\"'`"], word => Assert.DoesNotContain(word, page, StringComparison.Ordinal));
        Assert.Contains("{{key}}", page, StringComparison.Ordinal);
        Assert.StartsWith(ReportMark.Of("unknown"), page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_merge_that_changed_nothing_has_a_page()
    {
        string page = ReportPage.Of(ReportExamples.Of([]));

        Assert.Contains("Nothing that could be shown", page, StringComparison.Ordinal);
        Assert.Contains("No warnings.", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "–")]
    [InlineData(0.0, "0 %")]
    [InlineData(1.0, "100 %")]
    [InlineData(0.0123456, "1.23 %")]
    [InlineData(0.5, "50.0 %")]
    [InlineData(0.99996, "100 %")]
    [InlineData(0.00012, "0.0120 %")]
    [InlineData(1.2849, "128 %")]
    [InlineData(0.000_000_123_4, "1.23e-5 %")]
    public void A_share_is_shown_in_three_digits(double? share, string expected) => Assert.Equal(expected, NumberText.Percent(share));

    private static int Count(string text, string word) => text.Split(word).Length - 1;
}
