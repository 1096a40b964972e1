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
    public static Tensor Read(TensorSource stored, TensorFiles files, ScalarType dtype, Device device) =>
        ReadElements(stored, 0, [.. stored.Shape], files, dtype, device);

    /// <summary>Some of its rows.</summary>
    /// <returns><c>[count, …]</c>; the caller's.</returns>
    /// <exception cref="LoraMergeException">LORA3013.</exception>
    public static Tensor ReadRows(TensorSource stored, long firstRow, long count, TensorFiles files, ScalarType dtype, Device device) =>
        ReadElements(stored, firstRow * stored.RowLength, stored.Shape.IsEmpty ? [] : [count, .. stored.Shape.Skip(1)], files, dtype, device);

    /// <summary>
    /// Whole numbers that count something, such as places in a weight; files hold them in any integer dtype, and some in a floating-point one.
    /// </summary>
    /// <param name="stored">The tensor.</param>
    /// <param name="count">How many things are counted: every number is less.</param>
    /// <param name="files">Where it is read from.</param>
    /// <param name="device">Where the numbers go.</param>
    /// <returns>int64, in the stored shape; the caller's.</returns>
    /// <exception cref="LoraMergeException">LORA3013, LORA3071.</exception>
    public static Tensor ReadIndices(StoredTensor stored, long count, TensorFiles files, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor numbers = stored.DType is DType.F64 or DType.F32 or DType.F16 or DType.BF16
            ? Read(stored, files, ScalarType.Float64, CPU)
            : ReadIntegers(stored, files);
        Tensor indices = numbers.to(ScalarType.Int64);
        Tensor isWrong = indices.IsLessThan(0).logical_or_(indices.IsAtLeast(count)).logical_or_(indices.ne(numbers)).flatten();
        if (indices.NumberOfElements > 0 && isWrong.any().item<bool>())
        {
            long index = isWrong.to(ScalarType.Int32).argmax().item<long>();
            throw Errors.AdapterIndexInvalid(stored, index, numbers.to(ScalarType.Float64).flatten()[index].item<double>(), count);
        }
        return indices.to(device).MoveToOuterDisposeScope();
    }

    /// <summary>torch has signed integers only, besides bytes; those without a sign are read as such and made positive.</summary>
    private static Tensor ReadIntegers(StoredTensor stored, TensorFiles files)
    {
        Tensor raw = empty([.. stored.Shape], stored.DType switch
        {
            DType.U8 => ScalarType.Byte,
            DType.I8 => ScalarType.Int8,
            DType.U16 or DType.I16 => ScalarType.Int16,
            DType.U32 or DType.I32 => ScalarType.Int32,
            _ => ScalarType.Int64,
        });
        if (raw.NumberOfElements > 0)
            files.ReadInto(stored, 0, raw.bytes);
        Tensor wide = raw.to(ScalarType.Int64);
        return stored.DType switch
        {
            DType.U16 => wide.bitwise_and(0xFFFF),
            DType.U32 => wide.bitwise_and(0xFFFF_FFFF),
            _ => wide,
        };
    }

    /// <summary>Piece by piece: a span counts its bytes by an int, and a piece is still in the processor's cache when it is widened.</summary>
    private static Tensor ReadElements(TensorSource stored, long first, long[] shape, TensorFiles files, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor values = empty(shape, dtype, device);
        Tensor flat = values.view(-1);
        Tensor memory = empty(Math.Min(flat.NumberOfElements, PieceSize.Elements), TorchTypes.Of(stored.DType));
        for (long done = 0; done < flat.NumberOfElements; done += PieceSize.Elements)
        {
            using var piece = NewDisposeScope();
            Tensor raw = memory.narrow(0, 0, Math.Min(PieceSize.Elements, flat.NumberOfElements - done));
            stored.ReadInto(files, first + done, raw.bytes);
            ThrowIfNotFinite(raw, stored, first + done);
            flat.narrow(0, done, raw.NumberOfElements).copy_(raw);
        }
        return values.MoveToOuterDisposeScope();
    }

    /// <exception cref="LoraMergeException">LORA3013.</exception>
    public static void ThrowIfNotFinite(Tensor raw, TensorSource stored, long first)
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
