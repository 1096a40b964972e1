using System.Text.RegularExpressions;
using LoraMerge.Hub.Fetching;
using LoraMerge.Tests;

namespace LoraMerge.Hub.Tests;

/// <summary>Which room of the hub may know which: docs/architecture.md.</summary>
public sealed partial class RoomTests
{
    private static readonly string s_project = Path.Combine(Repository.Root, "src", "LoraMerge.Hub");

    [Theory]
    [InlineData("Faults", "Places")]
    [InlineData("Places", "Faults")]
    [InlineData("Protocol", "Faults", "Places")]
    [InlineData("Cache", "Faults", "Places", "Protocol")]
    [InlineData("Fetching", "Faults", "Places", "Protocol", "Cache")]
    [InlineData("Locking", "Faults", "Places", "Protocol", "Cache", "Fetching")]
    public void A_room_names_only_those_that_it_may(string room, params string[] others)
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(s_project, room), "*.cs"))
            Assert.All(Using.Matches(File.ReadAllText(file)).Select(match => match.Groups["room"].Value), named => Assert.Contains(named, others));
    }

    [Fact]
    public void Every_folder_is_a_room_that_is_known_here() => Assert.Equal(
        ["Cache", "Faults", "Fetching", "Locking", "Places", "Protocol"],
        Directory.EnumerateDirectories(s_project).Select(folder => Path.GetFileName(folder)).Except(["bin", "obj"]).Order(StringComparer.Ordinal));

    [Fact]
    public void It_needs_nothing_but_DotNet() =>
        Assert.All(typeof(HubFetcher).Assembly.GetReferencedAssemblies(), reference => Assert.StartsWith("System.", reference.Name, StringComparison.Ordinal));

    [GeneratedRegex(@"(?m)^using LoraMerge\.Hub\.(?<room>\w+);")]
    private static partial Regex Using { get; }
}
