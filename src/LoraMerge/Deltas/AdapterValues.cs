using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Brings a tensor of an adapter file to the device, widened exactly and known to be finite.</summary>
internal static class AdapterValues
{
    /// <returns>A tensor of the given dtype and the stored shape; the caller's.</returns>
    /// <exception cref="LoraMergeException">LORA3013.</exception>
    public static Tensor Read(StoredTensor stored, TensorFiles files, ScalarType dtype, Device device) =>
        ReadElements(stored, 0, [.. stored.Shape], files, dtype, device);

    /// <summary>Some of its rows.</summary>
    /// <returns><c>[count, …]</c>; the caller's.</returns>
    /// <exception cref="LoraMergeException">LORA3013.</exception>
    public static Tensor ReadRows(StoredTensor stored, long firstRow, long count, TensorFiles files, ScalarType dtype, Device device) =>
        ReadElements(stored, firstRow * stored.RowLength, stored.Shape.IsEmpty ? [] : [count, .. stored.Shape.Skip(1)], files, dtype, device);

    private static Tensor ReadElements(StoredTensor stored, long first, long[] shape, TensorFiles files, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor raw = empty(shape, TorchTypes.Of(stored.DType));
        files.ReadInto(stored, first * stored.DType.BitsPerElement() / 8, raw.bytes);
        ThrowIfNotFinite(raw, stored, first);
        return raw.to(dtype).to(device).MoveToOuterDisposeScope();
    }

    /// <exception cref="LoraMergeException">LORA3013.</exception>
    public static void ThrowIfNotFinite(Tensor raw, StoredTensor stored, long first)
    {
        if (raw.NumberOfElements == 0)
            return;
        (Tensor least, Tensor largest) = raw.aminmax(); // NaN if there is one; needs no memory of the tensor's size
        if (least.isfinite().item<bool>() && largest.isfinite().item<bool>())
            return;
        long index = raw.isfinite().logical_not().flatten().to(ScalarType.Int32).argmax().item<long>();
        throw Errors.AdapterNotFinite(stored, first + index, raw.to(ScalarType.Float64).flatten()[index].item<double>());
    }
}
