using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Combinations;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Golden;

/// <summary>A folder of tests/fixtures/golden: inputs made by PEFT, and what a merge of them must give.</summary>
internal sealed class GoldenCase
{
    private readonly JsonObject _json;

    private GoldenCase(string folder)
    {
        Folder = folder;
        _json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "case.json")))!.AsObject();
    }

    public static string Root { get; } = Path.Combine(Repository.Root, "tests", "fixtures", "golden");

    public string Folder { get; }

    public string Name => Path.GetFileName(Folder);

    public string BaseFolder => Path.GetFullPath(Path.Combine(Folder, (string)_json["base"]!));

    /// <summary><c>merged</c>, <c>error</c> or <c>either</c>.</summary>
    public string Expect => (string)_json["expect"]!;

    public string? MustNotExist => (string?)_json["must_not_exist"];

    public ImmutableArray<string> MissingAfterMerge => [.. (_json["missing_after_merge"] as JsonArray ?? []).Select(name => (string)name!)];

    public JsonObject Config => _json["config"] as JsonObject ?? [];

    public string ExactFile => Path.Combine(Folder, "exact.safetensors");

    public string PeftFile => Path.Combine(Folder, "peft.safetensors");

    public static IEnumerable<GoldenCase> All =>
        Directory.EnumerateFiles(Root, "case.json", SearchOption.AllDirectories)
            .Select(file => new GoldenCase(Path.GetDirectoryName(file)!))
            .OrderBy(golden => golden.Name, StringComparer.Ordinal);

    public static GoldenCase Open(string name) => new(Path.Combine(Root, name));

    public MergeRequest Request() => new(
        BaseFolder,
        [.. _json["adapters"]!.AsArray().Select(adapter => new AdapterRequest(Path.Combine(Folder, (string)adapter!["path"]!), (double)adapter["weight"]!))])
    {
        Combination = Combination(),
        Device = "cpu",
    };

    private Combination Combination()
    {
        if (_json["combination"] is not JsonObject how)
            return LoraMerge.Combinations.Combination.Sequential;
        if (!CombinationWays.TryParse((string)how["combination_type"]!, out CombinationWay way) || !CombinationWays.TryParse((string?)how["majority_sign_method"] ?? "total", out MajoritySign sign))
            throw new InvalidOperationException($"case.json of {Name} asks for a way to combine that does not exist.");
        return new Combination(way)
        {
            Density = (double?)how["density"] is double share ? Density.Of(share) : null,
            MajoritySign = sign,
            SvdRank = (int?)how["svd_rank"],
        };
    }
}
