using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Brings a tensor of an adapter file to the device, widened exactly and known to be finite.</summary>
internal static class AdapterValues
{
    /// <returns>A tensor of the given dtype and the stored shape; the caller's.</returns>
    /// <exception cref="LoraMergeException">LORA3013.</exception>
    public static Tensor Read(StoredTensor stored, TensorFiles files, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor raw = empty(stored.IsColumnMajor ? [.. stored.Shape.Reverse()] : [.. stored.Shape], TorchTypes.Of(stored.DType));
        files.ReadInto(stored, 0, raw.bytes);
        ThrowIfNotFinite(raw, stored);
        if (stored.IsColumnMajor)
            raw = raw.t().contiguous();
        return raw.to(dtype).to(device).MoveToOuterDisposeScope();
    }

    private static void ThrowIfNotFinite(Tensor raw, StoredTensor stored)
    {
        Tensor wrong = raw.isfinite().logical_not().flatten();
        if (!wrong.any().item<bool>())
            return;
        long index = wrong.to(ScalarType.Int32).argmax().item<long>();
        throw Errors.AdapterNotFinite(stored, index, raw.to(ScalarType.Float64).flatten()[index].item<double>());
    }
}
