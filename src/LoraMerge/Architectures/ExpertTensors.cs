using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Architectures;

/// <summary>The tensors of the base that hold a parameter of a module: one, or for fused experts one or more for each expert.</summary>
/// <param name="ExpertCount">Number of experts; 1 for a plain matrix.</param>
/// <param name="Height">d1 of the parameter <c>[experts, d1, d2]</c>.</param>
/// <param name="Width">d2.</param>
/// <param name="Parts">The tensors.</param>
internal sealed record ExpertTensors(int ExpertCount, long Height, long Width, ImmutableArray<ExpertTensors.Part> Parts)
{
    /// <summary>Parts that checkpoints cut fused parameters into, in the order of their rows. transformers, <c>conversion_mapping.py</c>.</summary>
    private static readonly (string Parameter, string[] Parts)[] Splits =
    [
        ("gate_up_proj", ["gate_proj", "up_proj"]),
        ("gate_up_proj", ["w1", "w3"]),
        ("up_proj", ["up_proj"]), // experts without a gate
        ("down_proj", ["down_proj"]),
        ("down_proj", ["w2"]),
    ];

    /// <summary>One tensor and its place in the parameter.</summary>
    /// <param name="Name">The tensor.</param>
    /// <param name="Expert">Its expert; null where it holds all.</param>
    /// <param name="FirstRow">Where its rows begin among the d1 rows of the expert.</param>
    /// <param name="RowCount">How many it has.</param>
    public sealed record Part(string Name, int? Expert, long FirstRow, long RowCount);

    /// <summary>The shape as it is written in messages.</summary>
    public string ShapeText => $"[{ExpertCount}, {Height}, {Width}]";

    /// <summary>Whether the base has experts below this path, fused or one by one.</summary>
    public static bool Exist(string module, Checkpoint checkpoint) =>
        Splits.Any(split => Find(module, split.Parameter, checkpoint) is not null);

    /// <summary>Null where the base has no such parameter.</summary>
    public static ExpertTensors? Find(string module, string parameter, Checkpoint checkpoint) =>
        checkpoint.TryFind($"{module}.{parameter}", out TensorSource? whole)
        || (GraniteName(module, parameter) is string name && checkpoint.TryFind(name, out whole))
            ? OfWhole(whole)
            : Splits
                .Where(split => split.Parameter == parameter)
                .Select(split => OfParts(module, split.Parts, checkpoint))
                .FirstOrDefault(found => found is not null);

    /// <summary>GraniteMoe's files call gate_up_proj and down_proj of a block's experts otherwise: transformers 5 renames them when it loads.</summary>
    public static (string GateUp, string Down) GraniteNames(string block) => ($"{block}.input_linear.weight", $"{block}.output_linear.weight");

    private static string? GraniteName(string module, string parameter)
    {
        (string gateUp, string down) = GraniteNames(module.EndsWith(".experts", StringComparison.Ordinal) ? module[..^".experts".Length] : module);
        return parameter switch { "gate_up_proj" => gateUp, "down_proj" => down, _ => null };
    }

    private static ExpertTensors? OfWhole(TensorSource whole) => whole.Shape switch
    {
        [var height, var width] => new ExpertTensors(1, height, width, [new Part(whole.Name, null, 0, height)]),
        [var count and > 0 and <= int.MaxValue, var height, var width] => new ExpertTensors((int)count, height, width, [new Part(whole.Name, null, 0, height)]),
        _ => null,
    };

    /// <summary>All experts have the same parts, of the same shapes, or they are no fused parameter.</summary>
    private static ExpertTensors? OfParts(string module, string[] parts, Checkpoint checkpoint)
    {
        ImmutableArray<Part>.Builder found = ImmutableArray.CreateBuilder<Part>();
        long height = 0;
        long width = 0;
        int expert = 0;
        for (; checkpoint.TryFind($"{module}.{expert}.{parts[0]}.weight", out _); expert++)
        {
            long row = 0;
            foreach (string part in parts)
            {
                if (
                    !checkpoint.TryFind($"{module}.{expert}.{part}.weight", out TensorSource? stored)
                    || stored.Shape.Length != 2
                    || (expert + row > 0 && stored.Shape[1] != width)
                )
                    return null;
                found.Add(new Part(stored.Name, expert, row, stored.Shape[0]));
                row += stored.Shape[0];
                width = stored.Shape[1];
            }
            if (expert > 0 && row != height)
                return null;
            height = row;
        }
        return expert == 0 ? null : new ExpertTensors(expert, height, width, found.ToImmutable());
    }
}
