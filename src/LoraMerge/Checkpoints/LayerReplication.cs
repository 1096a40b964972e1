using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LoraMerge.Checkpoints;

/// <summary>
/// A base whose blocks are stacked anew from ranges of its own, as <c>layer_replication</c> asks: layer n of the result is some layer of the base, which may
/// come several times.
/// </summary>
/// <remarks>
/// PEFT, <c>replicate_layers</c>, for the same families. There the copies share their memory, so a merge adds the deltas of all copies to one tensor; here
/// each copy is a tensor of its own.
/// </remarks>
internal static partial class LayerReplication
{
    private const string CountField = "num_hidden_layers";

    /// <summary>Far more than any model has.</summary>
    private const int MostLayers = 100_000;

    /// <summary>The base with its layers replicated; null where it has no blocks that can be, or the ranges do not fit.</summary>
    /// <param name="checkpoint">The base.</param>
    /// <param name="ranges">Ranges of its layers, ends exclusive.</param>
    public static Checkpoint? Apply(Checkpoint checkpoint, ImmutableArray<(int Start, int End)> ranges)
    {
        int count = checkpoint
            .TensorNames.Select(name => Block.Match(name))
            .Where(match => match.Success)
            .Select(match => Number(match) + 1)
            .DefaultIfEmpty(0)
            .Max();
        // Before any list is made of them: a file may ask for billions.
        if (
            count == 0
            || ranges.Any(range => range.Start < 0 || range.End > count || range.End < range.Start)
            || ranges.Sum(range => (long)range.End - range.Start) is < 1 or > MostLayers
        )
            return null;
        ImmutableArray<int> sources = [.. ranges.SelectMany(range => Enumerable.Range(range.Start, range.End - range.Start))];
        ILookup<int, int> copies = sources.Select((source, copy) => (source, copy)).ToLookup(pair => pair.source, pair => pair.copy);
        return checkpoint.With([
            .. checkpoint.Shards.Select((_, shard) => checkpoint.TensorsOf(shard).SelectMany(tensor => Copies(tensor, copies)).ToImmutableArray()),
        ]);
    }

    /// <summary>What config.json says of the number of layers, and its lists with an entry for each.</summary>
    public static IEnumerable<ConfigChange> ConfigChanges(ModelConfig config, ImmutableArray<(int Start, int End)> ranges)
    {
        if (ranges.IsEmpty)
            yield break;
        int[] sources = [.. ranges.SelectMany(range => Enumerable.Range(range.Start, range.End - range.Start))];
        ConfigPart text = config.TextPart;
        foreach (string section in text.SectionsWith(CountField))
            yield return new ConfigChange(CountField, sources.Length, section);
        foreach (string field in (string[])["layer_types", "mlp_layer_types", "no_rope_layers"])
        {
            foreach (string section in text.SectionsWith(field))
            {
                if (text.Value(section, field) is JsonArray items && items.Count > sources.Max())
                    yield return new ConfigChange(field, new JsonArray([.. sources.Select(source => items[source]?.DeepClone())]), section);
            }
        }
    }

    private static IEnumerable<TensorSource> Copies(TensorSource tensor, ILookup<int, int> copies)
    {
        Match match = Block.Match(tensor.Name);
        if (!match.Success)
            return [tensor];
        Group number = match.Groups["number"];
        return copies[Number(match)]
            .Select(copy =>
                tensor with
                {
                    Name = tensor.Name[..number.Index] + copy.ToString(CultureInfo.InvariantCulture) + tensor.Name[(number.Index + number.Length)..],
                }
            );
    }

    private static int Number(Match match) => int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^(model\.)*layers\.(?<number>[0-9]{1,6})\.|^(bert\.)?encoder\.layer\.(?<number>[0-9]{1,6})\.|^(transformer\.)?h\.(?<number>[0-9]{1,6})\.",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Block { get; }
}
