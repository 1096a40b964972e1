using System.Text.RegularExpressions;

namespace LoraMerge.Tests.Architecture;

/// <summary>Which room of the engine may know which: docs/architecture.md.</summary>
public sealed partial class RoomTests
{
    private static readonly string Engine = Path.Combine(Repository.Root, "src", "LoraMerge");

    /// <summary>
    /// Rooms in order, and which of those before it each may name. Every room may name those of <c>Agreed</c>; Diagnostics names the records that its messages
    /// tell of.
    /// </summary>
    private static readonly Dictionary<string, string[]> MayKnow = new(StringComparer.Ordinal)
    {
        ["Agreed.Messages"] = [],
        ["Agreed.ModelFiles"] = [],
        ["Agreed.FileSystem"] = ["Agreed.ModelFiles"],
        ["Agreed.Options"] = [],
        ["Agreed.Fingerprints"] = ["Agreed.ModelFiles", "Agreed.FileSystem", "Agreed.Options"],
        ["Agreed.Entries"] = ["Agreed.ModelFiles", "Agreed.FileSystem", "Agreed.Fingerprints"],
        ["Diagnostics"] = ["Adapters", "Checkpoints"],
        ["Devices"] = ["Diagnostics"],
        ["Pickles"] = ["Diagnostics"],
        ["Checkpoints"] = ["Diagnostics", "Pickles"],
        ["Architectures"] = ["Checkpoints"],
        ["Quantized"] = ["Diagnostics", "Checkpoints", "Architectures"],
        ["Deltas"] = ["Diagnostics", "Devices", "Checkpoints"],
        ["Changes"] = ["Diagnostics", "Checkpoints", "Deltas"],
        ["Adapters"] = ["Diagnostics", "Checkpoints", "Architectures", "Changes"],
        ["Kinds"] = ["Diagnostics", "Devices", "Checkpoints", "Architectures", "Deltas", "Changes", "Adapters"],
        ["Dialects"] = ["Diagnostics", "Checkpoints", "Architectures", "Changes", "Adapters", "Kinds"],
        ["Combinations"] = ["Diagnostics", "Devices", "Checkpoints", "Deltas", "Changes"],
        ["Beside"] = ["Diagnostics", "Checkpoints", "Adapters"],
        ["Planning"] = ["Diagnostics", "Beside", "Checkpoints", "Architectures", "Deltas", "Changes", "Adapters", "Combinations"],
        ["Requests"] = ["Diagnostics", "Checkpoints", "Quantized", "Adapters", "Dialects", "Combinations", "Planning"],
        ["Merging"] = ["Diagnostics", "Beside", "Devices", "Checkpoints", "Deltas", "Changes", "Planning", "Requests"],
        ["Formats"] = ["Diagnostics", "Beside", "Checkpoints", "Quantized", "Deltas", "Changes", "Adapters", "Planning", "Requests", "Merging"],
        ["Manifests"] = ["Diagnostics", "Checkpoints", "Changes", "Adapters", "Combinations", "Planning", "Requests", "Merging", "Formats"],
        ["Output"] = ["Diagnostics", "Checkpoints", "Merging", "Formats", "Manifests"],
        ["Reuse"] = ["Diagnostics", "Checkpoints", "Quantized", "Planning", "Merging", "Formats", "Manifests"],
        ["Writing"] = ["Diagnostics", "Devices", "Checkpoints", "Adapters", "Planning", "Requests", "Merging", "Formats", "Manifests", "Reuse"],
        ["Store"] = ["Diagnostics", "Checkpoints", "Planning", "Requests", "Merging", "Formats", "Manifests", "Output", "Reuse", "Writing"],
        ["Comparing"] =
        [
            "Diagnostics", "Beside", "Devices", "Checkpoints", "Quantized", "Adapters", "Planning", "Requests", "Merging", "Formats", "Manifests", "Writing",
        ],
        ["Reports"] = ["Diagnostics", "Devices", "Checkpoints", "Planning", "Requests", "Merging", "Formats", "Manifests", "Writing", "Comparing"],
        ["Inspecting"] = ["Diagnostics", "Beside", "Checkpoints", "Quantized", "Adapters", "Dialects", "Requests", "Formats", "Manifests"],
    };

    private static readonly string[] MayKnowTorch = ["Devices", "Deltas", "Combinations", "Merging"];

    /// <summary>Formulas outside of these rooms: the deltas of kinds, factors of products, and rotations.</summary>
    private static readonly string[] Formulas = ["*Delta.cs", "*Factor.cs", "*Factors.cs", "*Rotation.cs"];

    public static TheoryData<string> Rooms =>
        [
            .. Directory
                .EnumerateDirectories(Engine)
                .Select(folder => Path.GetFileName(folder)!)
                .Where(name => name is not ("bin" or "obj"))
                .SelectMany(name =>
                    name == "Agreed"
                        ? Directory.EnumerateDirectories(Path.Combine(Engine, name)).Select(folder => $"{name}.{Path.GetFileName(folder)}")
                        : [name]
                ),
        ];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_names_only_the_rooms_before_it(string room)
    {
        Assert.True(MayKnow.TryGetValue(room, out string[]? allowed), $"'{room}' is no room that is known here; its sentence stands in docs/architecture.md.");

        foreach (string file in FilesOf(room))
        {
            string[] known =
            [
                .. NamedBy(file)
                    .Where(other =>
                        other != room
                        && !allowed!.Contains(other)
                        && (!other.StartsWith("Agreed.", StringComparison.Ordinal) || room.StartsWith("Agreed.", StringComparison.Ordinal))
                    ),
            ];
            Assert.True(known.Length == 0, $"{Path.GetRelativePath(Engine, file)} names {string.Join(", ", known)}.");
        }
    }

    /// <summary>What the namespace of all rooms holds is seen in each of them without a using directive.</summary>
    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_does_not_name_the_front_door(string room)
    {
        string[] types = [.. Directory.EnumerateFiles(Engine, "*.cs").Select(file => Path.GetFileNameWithoutExtension(file))];

        Assert.All(FilesOf(room), file => Assert.DoesNotMatch($@"\b({string.Join('|', types)})\b", Comment.Replace(File.ReadAllText(file), "")));
    }

    [Fact]
    public void Torch_is_known_only_where_arithmetic_is()
    {
        string[] files =
        [
            .. Directory.EnumerateFiles(Engine, "*.cs"),
            .. Rooms.Select(row => (string)row.Data).Where(room => !MayKnowTorch.Contains(room)).SelectMany(FilesOf),
            .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "LoraMerge.Cli"), "*.cs"),
        ];

        IEnumerable<string> others = files.Where(file =>
            !Formulas.Any(formula => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(formula, Path.GetFileName(file)))
        );
        Assert.DoesNotContain(others, file => TorchName.IsMatch(File.ReadAllText(file)));
    }

    [Fact]
    public void The_format_knows_neither_lora_nor_torch()
    {
        string[] references = [.. typeof(Safetensors.DType).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!)];

        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    private static IEnumerable<string> FilesOf(string room) =>
        Directory.EnumerateFiles(Path.Combine(Engine, room.Replace('.', Path.DirectorySeparatorChar)), "*.cs", SearchOption.AllDirectories);

    /// <summary>Rooms by their using directives, and by names such as <c>Merging.OutputFolder</c>; texts and comments do not count.</summary>
    private static IEnumerable<string> NamedBy(string file)
    {
        string code = Comment.Replace(File.ReadAllText(file), "");
        return UsingDirective
            .Matches(code)
            .Concat(QualifiedName.Matches(code).Where(IsType))
            .Select(match => match.Groups["room"].Value)
            .Where(MayKnow.ContainsKey)
            .Distinct();
    }

    /// <summary>A property can have the name of a room, too.</summary>
    private static bool IsType(Match name) =>
        File.Exists(Path.Combine(Engine, name.Groups["room"].Value.Replace('.', Path.DirectorySeparatorChar), name.Groups["type"].Value + ".cs"));

    [GeneratedRegex("//.*$|\"[^\"\n]*\"", RegexOptions.Multiline)]
    private static partial Regex Comment { get; }

    [GeneratedRegex(@"^using (static )?TorchSharp|TorchSharp\.torch\b", RegexOptions.Multiline)]
    private static partial Regex TorchName { get; }

    [GeneratedRegex(@"^using (static )?LoraMerge\.(?<room>(Agreed\.)?\w+)", RegexOptions.Multiline)]
    private static partial Regex UsingDirective { get; }

    [GeneratedRegex(@"(?<![\w.])(LoraMerge\.)?(?<room>[A-Z]\w+)\.(?<type>[A-Z]\w+)", RegexOptions.Multiline)]
    private static partial Regex QualifiedName { get; }
}
