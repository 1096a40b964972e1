using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Planning;

/// <summary>The weight of one expert's projection, where the base stores the weights of all experts in one tensor.</summary>
/// <param name="Tensor">The tensor of all experts, <c>[experts, d1, d2]</c>.</param>
/// <param name="Place">Where in it the part lies.</param>
/// <param name="IsTransposed">Whether it is stored input by output.</param>
internal sealed partial record FusedPart(TensorSource Tensor, PartPlace Place, bool IsTransposed)
{
    /// <summary>The part as a tensor of its own, for its shape.</summary>
    public TensorSource AsMatrix => Tensor with { Shape = [Place.RowCount, Place.ColumnCount] };

    /// <summary>The tensor that holds the projection of all experts; null where the path names no expert's projection, or the base has none for it.</summary>
    public static TensorSource? Holder(string path, Checkpoint checkpoint) => FusedExpert.Of(path, checkpoint)?.Tensor;

    /// <summary>Null where there is no such tensor, or where in it the part lies cannot be told.</summary>
    public static FusedPart? Find(string path, Checkpoint checkpoint)
    {
        if (FusedExpert.Of(path, checkpoint) is not FusedExpert holder)
            return null;
        (long height, long width) = (holder.Tensor.Shape[1], holder.Tensor.Shape[2]);
        long start = holder.Expert * height;
        if (holder.IsTransposed(checkpoint) is not bool isTransposed)
            return null;
        if (holder.Half is not int half)
            return Of(new PartPlace(start, height, 0, width));
        if ((isTransposed ? width : height) % 2 != 0)
            return null;
        return holder.Order(checkpoint) switch
        {
            HalfOrder.Consecutive when isTransposed => Of(new PartPlace(start, height, half * width / 2, width / 2)),
            HalfOrder.Consecutive => Of(new PartPlace(start + (half * height / 2), height / 2, 0, width)),
            HalfOrder.Interleaved when isTransposed => Of(new PartPlace(start, height, half, width / 2, ColumnStep: 2)),
            _ => null,
        };

        FusedPart Of(PartPlace part) => new(holder.Tensor, part, isTransposed);
    }

    [GeneratedRegex(
        @"^(?<block>.+)\.experts\.(?<expert>[0-9]{1,6})\.(?<projection>gate_up_proj|gate_proj|up_proj|down_proj|w1|w2|w3)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex ExpertPath { get; }

    private enum HalfOrder
    {
        Unknown,

        /// <summary>All of gate, then all of up.</summary>
        Consecutive,

        /// <summary>A column of gate, a column of up, and so on.</summary>
        Interleaved,
    }

    /// <summary>The tensor that a projection lies in.</summary>
    /// <param name="Tensor">It.</param>
    /// <param name="Counterpart">The other of gate with up, and down, where both are fused; its shape tells which way both lie.</param>
    /// <param name="Expert">The expert.</param>
    /// <param name="OfGateUp">Whether the tensor holds gate and up.</param>
    /// <param name="Half">0 for gate, 1 for up, where both are in one tensor and one of them is asked for; else null.</param>
    /// <param name="IsOutputByInput">Whether its name alone says that it is stored output by input.</param>
    private sealed record FusedExpert(TensorSource Tensor, TensorSource? Counterpart, int Expert, bool OfGateUp, int? Half, bool IsOutputByInput)
    {
        public static FusedExpert? Of(string path, Checkpoint checkpoint)
        {
            Match match = ExpertPath.Match(path);
            if (!match.Success || !int.TryParse(match.Groups["expert"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int expert))
                return null;
            string block = match.Groups["block"].Value;
            (string projection, int? half) = match.Groups["projection"].Value switch
            {
                "gate_proj" or "w1" => ("gate_proj", 0),
                "up_proj" or "w3" => ("up_proj", 1),
                "gate_up_proj" => ("gate_up_proj", null),
                _ => ("down_proj", (int?)null),
            };
            bool ofGateUp = projection != "down_proj";
            (string graniteGateUp, string graniteDown) = ExpertTensors.GraniteNames(block);
            return Fused($"{block}.experts.gate_up_proj", $"{block}.experts.down_proj", isOutputByInput: false)
                ?? Fused(graniteGateUp, graniteDown, isOutputByInput: true)
                ?? Stacked($"{block}.switch_mlp.{projection}.weight")
                ?? Stacked($"{block}.experts.{projection}.weight")
                ?? Stacked($"{block}.experts.{projection}")
                ?? (match.Groups["projection"].Value == "w1" ? Stacked($"{block}.experts.up_proj") : null); // Tinker's name, of experts without a gate

            FusedExpert? Fused(string gateUp, string down, bool isOutputByInput) => Stack(ofGateUp ? gateUp : down) is { } tensor
                ? new FusedExpert(tensor, Stack(ofGateUp ? down : gateUp), expert, ofGateUp, half, isOutputByInput)
                : null;

            // As mlx_lm saves a model, and experts without a gate.
            FusedExpert? Stacked(string name) =>
                Stack(name) is { } tensor ? new FusedExpert(tensor, null, expert, ofGateUp, null, IsOutputByInput: true) : null;

            TensorSource? Stack(string name) =>
                checkpoint.TryFind(name, out TensorSource? stored) && stored.Shape.Length == 3 && expert < stored.Shape[0] ? stored : null;
        }

        /// <summary>
        /// gate and up turn hidden numbers into 2·inner ones, down turns inner into hidden: of one tensor alone, the hidden size tells which side is which.
        /// </summary>
        public bool? IsTransposed(Checkpoint checkpoint)
        {
            if (IsOutputByInput)
                return false;
            if (Counterpart is null)
            {
                long hidden = checkpoint.Config.PartOf(Tensor.Name).Number("hidden_size") is double size ? (long)size : -1;
                (bool isHeight, bool isWidth) = (Tensor.Shape[1] == hidden, Tensor.Shape[2] == hidden);
                return isHeight == isWidth ? null : isHeight == OfGateUp;
            }
            (TensorSource gateUp, TensorSource down) = OfGateUp ? (Tensor, Counterpart) : (Counterpart, Tensor);
            bool isStraight = gateUp.Shape[1] == 2 * down.Shape[2] && gateUp.Shape[2] == down.Shape[1];
            bool isTurned = gateUp.Shape[2] == 2 * down.Shape[1] && gateUp.Shape[1] == down.Shape[2];
            return isStraight == isTurned ? null : isTurned;
        }

        /// <summary>transformers, <c>modeling_gpt_oss.py</c>, is the only one that takes every second column; without the family it may be either.</summary>
        public HalfOrder Order(Checkpoint checkpoint) => IsOutputByInput ? HalfOrder.Consecutive : checkpoint.Config.PartOf(Tensor.Name).ModelType switch
        {
            null => HalfOrder.Unknown,
            "gpt_oss" => HalfOrder.Interleaved,
            _ => HalfOrder.Consecutive,
        };
    }
}
