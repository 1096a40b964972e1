using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>The weight of one expert's projection, where the base stores the weights of all experts in one tensor.</summary>
/// <param name="Tensor">The fused tensor, <c>[experts, d1, d2]</c>.</param>
/// <param name="FirstRow">Where the part begins in <c>[experts·d1, d2]</c>.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="FirstColumn">Where it begins in each row.</param>
/// <param name="ColumnCount">Its columns.</param>
internal sealed partial record FusedPart(StoredTensor Tensor, long FirstRow, long RowCount, long FirstColumn, long ColumnCount)
{
    /// <summary>The part as a tensor of its own, for its shape.</summary>
    public StoredTensor AsMatrix => Tensor with { Shape = [RowCount, ColumnCount] };

    /// <summary>Null where the path names no expert's projection, or the base has no fused tensor for it.</summary>
    public static FusedPart? Find(string path, Checkpoint checkpoint)
    {
        Match match = ExpertPath.Match(path);
        if (!match.Success || !int.TryParse(match.Groups["expert"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int expert))
            return null;
        (string fused, int half) = match.Groups["projection"].Value switch
        {
            "gate_proj" or "w1" => ("gate_up_proj", 0),
            "up_proj" or "w3" => ("gate_up_proj", 1),
            _ => ("down_proj", -1),
        };
        if (!checkpoint.TryFind($"{match.Groups["experts"].Value}.{fused}", out StoredTensor? tensor) || tensor.Shape.Length != 3 || expert >= tensor.Shape[0])
            return null;
        (long height, long width) = (tensor.Shape[1], tensor.Shape[2]);
        if (half < 0)
            return new FusedPart(tensor, expert * height, height, 0, width);
        // The hidden size tells which side is cut in two.
        return HiddenSize(checkpoint) switch
        {
            long hidden when hidden == width => new FusedPart(tensor, (expert * height) + (half * height / 2), height / 2, 0, width),
            long hidden when hidden == height => new FusedPart(tensor, expert * height, height, half * width / 2, width / 2),
            _ => null,
        };
    }

    private static long? HiddenSize(Checkpoint checkpoint) =>
        checkpoint.Config.ModelType == "gpt_oss" ? null // its gate and up are interleaved, and no adapter has them one by one
        : checkpoint.Config.Number("hidden_size") is double size ? (long)size : null;

    [GeneratedRegex(@"^(?<experts>.+\.experts)\.(?<expert>[0-9]{1,6})\.(?<projection>gate_proj|up_proj|down_proj|w1|w2|w3)$", RegexOptions.CultureInvariant)]
    private static partial Regex ExpertPath { get; }
}
