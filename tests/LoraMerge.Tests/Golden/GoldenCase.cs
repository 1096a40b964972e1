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

    public static string Root { get; } = RootOf("golden");

    public string Folder { get; }

    public string Name => Path.GetFileName(Folder);

    public string BaseFolder => Path.GetFullPath(Path.Combine(Folder, (string)_json["base"]!));

    /// <summary><c>merged</c>, <c>error</c> or <c>either</c>.</summary>
    public string Expect => (string)_json["expect"]!;

    public string? MustNotExist => (string?)_json["must_not_exist"];

    public ImmutableArray<string> MissingAfterMerge => [.. (_json["missing_after_merge"] as JsonArray ?? []).Select(name => (string)name!)];

    public JsonObject Config => _json["config"] as JsonObject ?? [];

    /// <summary>Fields of config.json that a merge may change.</summary>
    public ImmutableArray<string> FreeConfig => [.. (_json["config_free"] as JsonArray ?? []).Select(name => (string)name!)];

    /// <summary>Fields within a part of config.json.</summary>
    public JsonObject NestedConfig => _json["nested"] as JsonObject ?? [];

    /// <summary>An expression that a refusal matches; null for any.</summary>
    public string? Says => (string?)_json["says"];

    /// <summary>An expression that something matches which a merge says; null where it need not say anything.</summary>
    public string? Warns => (string?)_json["warns"];

    public string ExactFile => Path.Combine(Folder, "exact.safetensors");

    public string PeftFile => Path.Combine(Folder, "peft.safetensors");

    public static IEnumerable<GoldenCase> All => AllOf("golden");

    /// <param name="set">A folder of tests/fixtures.</param>
    public static IEnumerable<GoldenCase> AllOf(string set) =>
        Directory.EnumerateFiles(RootOf(set), "case.json", SearchOption.AllDirectories)
            .Select(file => new GoldenCase(Path.GetDirectoryName(file)!))
            .OrderBy(golden => golden.Name, StringComparer.Ordinal);

    public static GoldenCase Open(string name) => Open("golden", name);

    /// <summary>A case that lies elsewhere, as one that was packed.</summary>
    public static GoldenCase At(string folder) => new(folder);

    /// <param name="set">A folder of tests/fixtures.</param>
    /// <param name="name">The case.</param>
    public static GoldenCase Open(string set, string name) => new(Path.Combine(RootOf(set), name));

    private static string RootOf(string set) => Path.Combine(Repository.Root, "tests", "fixtures", set);

    public MergeRequest Request() => new(
        BaseFolder,
        [.. _json["adapters"]!.AsArray()
            .Select(adapter => new AdapterRequest(Path.Combine(Folder, (string)adapter!["path"]!), (double)adapter["weight"]!) { AdapterVersion = Release })])
    {
        Combination = Combination(),
        Device = "cpu",
    };

    /// <summary>The release that wrote the first adapter, where the command line has to say it: <c>--adapter-release 1=0.17.1</c>.</summary>
    private string? Release =>
        _json["arguments"] is JsonArray { Count: 2 } arguments && (string)arguments[0]! == "--adapter-release" ? ((string)arguments[1]!)["1=".Length..] : null;

    private Combination Combination()
    {
        if (_json["combination"] is not JsonObject how)
            return LoraMerge.Combinations.Combination.Sequential;
        if (
            !CombinationWays.TryParse((string)how["combination_type"]!, out CombinationWay way)
            || !CombinationWays.TryParse((string?)how["majority_sign_method"] ?? "total", out MajoritySign sign)
        )
            throw new InvalidOperationException($"case.json of {Name} asks for a way to combine that does not exist.");
        return new Combination(way)
        {
            Density = (double?)how["density"] is double share ? Density.Of(share) : null,
            MajoritySign = sign,
            SvdRank = (int?)how["svd_rank"],
        };
    }
}
