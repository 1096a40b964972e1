using System.Text.RegularExpressions;
using LoraMerge.Adapters;

namespace LoraMerge.Tests.Architecture;

/// <summary>A kind is its folder: what is known of it alone stands nowhere else.</summary>
public sealed class KindTests
{
    private static readonly string Engine = Path.Combine(Repository.Root, "src", "LoraMerge");

    /// <summary>
    /// The table of kinds that are refused, and the dialects, which say what kind another library's adapters are and know whose names they refuse.
    /// </summary>
    private static readonly string[] MayNameKinds = [Path.Combine(Engine, "Adapters", "UnmergedKinds.cs"), Path.Combine(Engine, "Dialects")];

    public static TheoryData<string> Folders => [.. Directory.EnumerateDirectories(Path.Combine(Engine, "Kinds")).Select(folder => Path.GetFileName(folder)!)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_kinds_names_stand_in_its_folder_alone(string name)
    {
        string folder = Path.Combine(Engine, "Kinds", name);
        AdapterKind[] kinds = [.. AdapterKinds.All.Where(kind => kind.GetType().Namespace == $"LoraMerge.Kinds.{name}")];
        string[] types =
        [
            .. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Select(file => $@"\b{Path.GetFileNameWithoutExtension(file)}\b"),
        ];
        string[] leaves = [.. kinds.SelectMany(kind => kind.Roles).Select(role => $@"(?<![\w.]){Regex.Escape(role.Leaf)}(?!\w)")];
        string[] peftTypes = [.. kinds.Select(kind => $"\"{kind.PeftType}\"")];

        Assert.NotEmpty(kinds);
        foreach (string file in OtherFiles(folder))
        {
            string code = WithoutComments(File.ReadAllText(file));
            Assert.All(
                [.. types, .. leaves, .. peftTypes],
                pattern => Assert.False(Regex.IsMatch(code, pattern), $"{Path.GetRelativePath(Repository.Root, file)} names {pattern}.")
            );
        }
    }

    [Fact]
    public void Every_kind_of_PEFT_is_known_with_what_it_does()
    {
        string[] types =
        [
            "ADALORA",
            "ADAMSS",
            "ADAPTION_PROMPT",
            "BEFT",
            "BOFT",
            "BONE",
            "C3A",
            "CARTRIDGE",
            "CPT",
            "DEFT",
            "DELORA",
            "FOURIERFT",
            "FROD",
            "GLORA",
            "GRALORA",
            "HIRA",
            "HRA",
            "IA3",
            "LILY",
            "LN_TUNING",
            "LOHA",
            "LOKR",
            "LORA",
            "MISS",
            "MULTITASK_PROMPT_TUNING",
            "OFT",
            "OSF",
            "PEANUT",
            "POLY",
            "PREFIX_TUNING",
            "PROMPT_TUNING",
            "PSOFT",
            "PVERA",
            "P_TUNING",
            "RANDLORA",
            "ROAD",
            "SHIRA",
            "SUPERTUNING",
            "TINYLORA",
            "TRAINABLE_TOKENS",
            "UNILORA",
            "VBLORA",
            "VERA",
            "WAVEFT",
            "XLORA",
        ];

        Assert.Equal(types, AdapterKinds.All.Select(kind => kind.PeftType).Where(type => type != "TOY"));
        Assert.All(AdapterKinds.All, kind => Assert.True(char.IsLower(kind.Does[0]) || kind.Does.StartsWith("Kronecker", StringComparison.Ordinal), kind.Does));
        Assert.All(AdapterKinds.All, kind => Assert.Equal(kind.Does.TrimEnd('.'), kind.Does));
    }

    [Fact]
    public void A_kind_with_a_folder_has_left_the_table_of_those_that_are_refused()
    {
        string[] merged = [.. AdapterKinds.All.Where(kind => kind.IsMerged).Select(kind => kind.PeftType)];

        Assert.Empty(UnmergedKinds.All.Select(kind => kind.PeftType).Intersect(merged));
    }

    private static IEnumerable<string> OtherFiles(string folder) =>
        ((string[])["LoraMerge", "LoraMerge.Cli", "LoraMerge.Build"])
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories))
            .Where(file =>
                !file.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                && !MayNameKinds.Any(allowed => file.StartsWith(allowed, StringComparison.Ordinal))
                && !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            );

    private static string WithoutComments(string code) => Regex.Replace(code, "//.*$", "", RegexOptions.Multiline);
}
