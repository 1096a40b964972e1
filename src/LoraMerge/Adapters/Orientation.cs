using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Whether a weight is stored <c>[out, in]</c>, as linear layers are, or <c>[in, out]</c>, as GPT-2's are, where shapes do not decide.</summary>
/// <remarks><c>fan_in_fan_out</c> of the adapter is wrong too often to decide.</remarks>
internal static class Orientation
{
    /// <summary>Whether a weight that fits input by output alone can be stored so: it is called as those are, or the adapter says so. A linear layer that fits
    /// only turned round belongs to another model.</summary>
    public static bool MayBeTransposed(string module, TensorSource weight, Adapter adapter) =>
        adapter.Config.HasFanInFanOutFlag || Conv1DModules.IsNamedLikeOne(module) || weight.Name.Split('.') is [.., var stored, _]
            && Conv1DModules.IsNamedLikeOne(stored);

    /// <summary>Whether a weight that fits both ways is stored <c>[in, out]</c>: what its neighbours show, else what the architecture of its part of the model
    /// says.</summary>
    /// <exception cref="LoraMergeException">LORA4004: nothing decides.</exception>
    public static bool OfSquare(string module, TensorSource weight, Checkpoint checkpoint, Adapter adapter)
    {
        bool isConv1DName = Conv1DModules.IsNamedLikeOne(module);
        if (isConv1DName && OfBlock(weight.Name, checkpoint) is bool shown)
            return shown;
        if (checkpoint.Config.PartOf(weight.Name).ModelType is string family)
            return isConv1DName && Conv1DModules.AreOf(family);
        return adapter.Config.HasFanInFanOutFlag && !IsOfAttention(weight.Name, checkpoint)
            ? throw Errors.OrientationAmbiguous(module, weight, adapter.Path) : false;
    }

    /// <summary>Whether it is the projection of outputs of an <c>nn.MultiheadAttention</c>, all of whose layers are linear.</summary>
    private static bool IsOfAttention(string tensor, Checkpoint checkpoint) =>
        tensor.EndsWith(".out_proj.weight", StringComparison.Ordinal) && checkpoint.TryFind(tensor[..^".out_proj.weight".Length] + ".in_proj_weight", out _);

    /// <summary>What the other projections of a block show by their shapes: queries, keys and values are outputs side by side, and the inner layer is wider
    /// than the outer one.</summary>
    /// <remarks>Models of other families have them too (Jais), and some of them as linear layers (Qwen, StarCoder).</remarks>
    private static bool? OfBlock(string tensor, Checkpoint checkpoint)
    {
        string[] path = tensor.Split('.');
        if (path.Length < 4)
            return null;
        string block = string.Join('.', path[..^3]);
        foreach (string neighbour in (string[])["attn.c_attn", "mlp.c_fc"])
        {
            if (checkpoint.TryFind($"{block}.{neighbour}.weight", out TensorSource? stored) && stored.Shape is [var rows, var columns] && rows != columns)
                return columns > rows;
        }
        return null;
    }
}
