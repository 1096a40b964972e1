using System.Text.RegularExpressions;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>
/// Gate, up and down projection, which some families call w1, w3 and w2 in their files (Mixtral, LFM2, Kimi): the same layers under other names.
/// </summary>
internal static partial class ProjectionNames
{
    private static readonly (string Name, string Numbered)[] Pairs = [("gate_proj", "w1"), ("up_proj", "w3"), ("down_proj", "w2")];

    /// <summary>The path under which the base has a module, if it has it under the other name; else null.</summary>
    public static string? OtherNameOf(string path, Checkpoint checkpoint)
    {
        Match match = Projection.Match(path);
        if (!match.Success)
            return null;
        string parent = match.Groups["parent"].Value;
        string last = match.Groups["name"].Value;
        bool isNumbered = last[0] == 'w';
        (string name, string numbered) = Pairs.First(pair => last == (isNumbered ? pair.Numbered : pair.Name));
        // All three, as some models call something else by one of these names.
        return Pairs.All(pair => checkpoint.TryFind($"{parent}.{(isNumbered ? pair.Name : pair.Numbered)}.weight", out _))
            ? $"{parent}.{(isNumbered ? name : numbered)}"
            : null;
    }

    [GeneratedRegex(@"^(?<parent>(.+\.)?(experts\.[0-9]{1,6}|feed_forward))\.(?<name>gate_proj|up_proj|down_proj|w1|w3|w2)$", RegexOptions.CultureInvariant)]
    private static partial Regex Projection { get; }
}
