using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace LoraMerge.Gguf.Tests;

/// <summary>Which room of the project may know which: docs/architecture.md.</summary>
public sealed partial class RoomTests
{
    private static readonly Dictionary<string, string[]> MayKnow = new(StringComparer.Ordinal)
    {
        ["Container"] = [],
        ["Faults"] = ["Container"],
        ["Blocks"] = ["Container"],
        ["Tokenizers"] = ["Container", "Faults"],
        ["Architectures"] = ["Container", "Faults", "Blocks", "Tokenizers"],
        ["Layout"] = ["Container", "Faults", "Tokenizers", "Architectures"],
        ["Assembly"] = ["Container", "Faults", "Blocks", "Architectures", "Layout"],
        ["Restoring"] = ["Container", "Faults", "Blocks", "Tokenizers", "Architectures"],
    };

    public static TheoryData<string> Rooms =>
        [.. Directory.EnumerateDirectories(Source()).Select(path => Path.GetFileName(path)).Where(name => name is not ("bin" or "obj"))];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_names_only_the_rooms_before_it(string room)
    {
        Assert.True(MayKnow.TryGetValue(room, out string[]? allowed), $"'{room}' is no room that is known here; its sentence stands in docs/architecture.md.");

        Assert.All(Directory.EnumerateFiles(Path.Combine(Source(), room), "*.cs"), file =>
            Assert.All(Using.Matches(File.ReadAllText(file)), match => Assert.Contains(match.Groups["room"].Value, allowed)));
    }

    [Fact]
    public void The_format_knows_neither_lora_nor_torch()
    {
        IEnumerable<string> all = typeof(Gguf.Container.GgufHeader).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!);
        string[] references = [.. all.Where(name => name != "LoraMerge.Safetensors")];

        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    private static string Source([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "src", "LoraMerge.Gguf"));

    [GeneratedRegex(@"(?m)^using LoraMerge\.Gguf\.(?<room>\w+);")]
    private static partial Regex Using { get; }
}
