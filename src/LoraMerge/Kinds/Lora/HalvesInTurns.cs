using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Lora;

/// <summary>Gate and up one behind the other in an adapter, where the base has them in turns, output by output.</summary>
/// <remarks>Megatron-Bridge trains gpt-oss with the halves one behind the other; its export sorts the base's weights back (<c>GPTOSSMLPGateUpProjMapping</c>),
/// and an adapter's factors not.</remarks>
internal static class HalvesInTurns
{
    /// <summary>Whether a module or parameter of an adapter is such.</summary>
    public static bool Are(LoraTrainer trainer, string path, Checkpoint checkpoint) =>
        trainer == LoraTrainer.MegatronBridge && path.EndsWith(".gate_up_proj", StringComparison.Ordinal) && checkpoint.Config.TextModelType == "gpt_oss";

    /// <summary>Rows of both halves in turns, <c>[outputs / 2, 2, r]</c>.</summary>
    public static StoredTensor OfRows(StoredTensor b) => b with
    {
        Shape = [b.Shape[0] / 2, 2, b.Shape[1]],
        Strides = [b.StrideOf(0), b.Shape[0] / 2 * b.StrideOf(0), b.StrideOf(1)],
    };

    /// <summary>The same of columns, <c>[experts · r, outputs / 2, 2]</c>.</summary>
    public static StoredTensor OfColumns(StoredTensor a) => a with
    {
        Shape = [a.Shape[0], a.Shape[1] / 2, 2],
        Strides = [a.StrideOf(0), a.StrideOf(1), a.Shape[1] / 2 * a.StrideOf(1)],
    };
}
