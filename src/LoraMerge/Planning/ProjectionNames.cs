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
        // Tinker numbers the projections of experts without a gate (Nemotron) as those with one.
        if (!Has("gate_proj") && !Has("w1") && Has("up_proj") && Has("down_proj"))
            return last switch { "w1" => $"{parent}.up_proj", "w2" => $"{parent}.down_proj", _ => null };
        bool isNumbered = last[0] == 'w';
        (string name, string numbered) = Pairs.First(pair => last == (isNumbered ? pair.Numbered : pair.Name));
        // All three, as some models call something else by one of these names.
        return Pairs.All(pair => Has(isNumbered ? pair.Name : pair.Numbered)) ? $"{parent}.{(isNumbered ? name : numbered)}" : null;

        bool Has(string projection) => checkpoint.TryFind($"{parent}.{projection}.weight", out _);
    }

    [GeneratedRegex(@"^(?<parent>(.+\.)?(experts\.[0-9]{1,6}|feed_forward))\.(?<name>gate_proj|up_proj|down_proj|w1|w3|w2)$", RegexOptions.CultureInvariant)]
    private static partial Regex Projection { get; }
}
