using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Dialects;
using LoraMerge.Dialects.Mlx;
using LoraMerge.Dialects.Peft;
using LoraMerge.Kinds.Lora;

namespace LoraMerge.Tests.Adapters;

/// <summary>Every adapter_config.json of tests/fixtures/wild-configs, as users published them, is read as its line in expected.tsv says.</summary>
public sealed class WildConfigTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "fixtures", "wild-configs");

    public static TheoryData<string, string, string> Expected => [.. Rows()];

    [Theory]
    [MemberData(nameof(Expected))]
    public void Config_is_read_or_refused_by_its_name(string file, string reading, string named)
    {
        string path = Path.Combine(Folder, file + ".json");

        string found = Read(path, out string text);

        Assert.Equal(reading, found);
        Assert.True(named == "-" || text.Contains(named, StringComparison.Ordinal), text);
    }

    [Fact]
    public void Every_config_has_exactly_one_line()
    {
        string[] files = [.. Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

        string[] listed = [.. Rows().Select(row => row.Data.Item1).Order(StringComparer.Ordinal)];

        Assert.Equal(files, listed);
    }

    [Fact]
    public void No_config_that_is_read_has_a_field_that_is_unknown()
    {
        var unknown = new List<string>();

        foreach (TheoryDataRow<string, string, string> row in Rows().Where(row => row.Data.Item2 is "LoRA" or "fused LoRA"))
        {
            ConfigFields fields = ConfigFields.Read(Path.Combine(Folder, row.Data.Item1 + ".json"));
            unknown.AddRange(PeftConfigReader.Read(fields, PeftHistory.Date(fields, new LoraKind())).Config.UnknownFields);
        }

        Assert.Empty(unknown);
    }

    /// <summary>The reading as expected.tsv spells it; in <paramref name="text"/> what an error says.</summary>
    private static string Read(string path, out string text)
    {
        text = "";
        try
        {
            using var folder = new TestFolder();
            File.Copy(path, folder[AdapterSource.ConfigName]);
            AdapterSource source = AdapterSource.Find(folder.Path);
            AdapterDialect dialect = AdapterDialects.Of(source);
            AdapterOrigin origin = dialect.Date(source);
            string reading =
                dialect is MlxDialect ? "MLX " + MlxConfig.Read(source.Fields!, origin).Training.ToString().ToLowerInvariant()
                : PeftConfigReader.Read(source.Fields!, origin).Own is LoraConfig lora ? (lora.EnabledProjections.IsEmpty ? "LoRA" : "fused LoRA")
                : source.Fields!.Text("peft_type")!;
            folder.Passed();
            return reading;
        }
        catch (LoraMergeException e)
        {
            text = e.Message;
            return string.Create(CultureInfo.InvariantCulture, $"LORA{(int)e.Code}");
        }
    }

    private static IEnumerable<TheoryDataRow<string, string, string>> Rows()
    {
        foreach (string line in File.ReadLines(Path.Combine(Folder, "expected.tsv")).Where(line => line[0] != '#'))
        {
            string[] columns = line.Split('\t');
            foreach (string file in columns[2].Split(' ').SelectMany(Numbers))
                yield return new TheoryDataRow<string, string, string>(file, columns[0], columns[1]);
        }
    }

    /// <summary><c>004-006</c> is three files.</summary>
    private static IEnumerable<string> Numbers(string range)
    {
        int[] ends = [.. range.Split('-').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1).Select(number => number.ToString("000", CultureInfo.InvariantCulture));
    }
}
