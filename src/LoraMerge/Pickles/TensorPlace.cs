using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Pickles;

/// <summary>Finds the bytes of a tensor in its storage, and holds its claims against the storage's length.</summary>
internal static class TensorPlace
{
    /// <exception cref="LoraMergeException">LORA2014: it reaches beyond its storage. LORA2016: it repeats elements.</exception>
    public static PickledTensor Find(string name, TensorClaim claim, StorageRange storage, string path)
    {
        int size = claim.DType.BitsPerElement() / 8;
        Int128 viewStart = (Int128)claim.Storage.ViewOffset * claim.Storage.BytesPerElement;
        Int128 viewLength = (Int128)claim.Storage.ViewElementCount * claim.Storage.BytesPerElement;
        if (viewStart + viewLength > storage.ByteLength)
            throw Beyond(name, storage, path);
        // Elements of the tensor's own type that its part of the storage has.
        Int128 available = viewLength / size;
        if (claim.Shape.Contains(0))
            return new PickledTensor(name, claim.DType, claim.Shape, default, storage.FileOffset, 0);
        Int128 last = claim.Offset;
        Int128 count = 1;
        for (int i = 0; i < claim.Shape.Length; i++)
        {
            last += (Int128)(claim.Shape[i] - 1) * claim.Strides[i];
            if (last >= available)
                throw Beyond(name, storage, path);
            count *= claim.Shape[i];
            // A tensor of a few bytes could otherwise claim any length.
            if (count > available)
                throw Errors.PickleTensorNotReadable(path, name, $"repeats elements: its shape is larger than the {available} elements of its storage");
        }
        if (last >= available)
            throw Beyond(name, storage, path);
        ImmutableArray<long> strides = IsContiguous(claim) ? default : claim.Strides;
        return new PickledTensor(name, claim.DType, claim.Shape, strides, storage.FileOffset + (long)viewStart + (claim.Offset * size), (long)count * size);
    }

    /// <summary>Whether the elements follow one another, last dimension fastest. The stride of a side of 1 says nothing.</summary>
    private static bool IsContiguous(TensorClaim claim)
    {
        long expected = 1;
        for (int i = claim.Shape.Length - 1; i >= 0; i--)
        {
            if (claim.Shape[i] == 1)
                continue;
            if (claim.Strides[i] != expected)
                return false;
            expected *= claim.Shape[i];
        }
        return true;
    }

    private static LoraMergeException Beyond(string name, StorageRange storage, string path) =>
        Errors.PickleInvalid(path, $"tensor '{name}' reaches beyond its storage of {storage.ByteLength} bytes");
}
