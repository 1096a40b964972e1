using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;
using LoraMerge.Safetensors;

namespace LoraMerge.Comparing;

/// <summary>Holds two GGUF models against each other; values of different types are compared as what they mean.</summary>
internal static class GgufDiff
{
    /// <summary>A multiple of the elements of every block.</summary>
    private const int PieceElements = 1 << 18;

    /// <exception cref="LoraMergeException">LORA1110, LORA2060: a file was cut or cannot be read.</exception>
    public static ModelDiff Between(GgufModel first, GgufModel second, CancellationToken cancellation)
    {
        string[] names = [.. first.Tensors.Concat(second.Tensors).Select(tensor => tensor.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        ImmutableArray<TensorDiff>.Builder tensors = ImmutableArray.CreateBuilder<TensorDiff>();
        foreach (string name in names)
        {
            first.TryFind(name, out GgufTensor? one);
            second.TryFind(name, out GgufTensor? other);
            TensorDiff? diff = one is null ? DiffOf(other!, DiffKind.OnlyInSecond)
                : other is null ? DiffOf(one, DiffKind.OnlyInFirst)
                : Compare(first.FileOf(one), one, second.FileOf(other), other, cancellation);
            if (diff is not null)
                tensors.Add(diff);
        }
        return new ModelDiff(names.Length, tensors.ToImmutable(), 0, [])
        {
            Metadata = [.. GgufMetadataDifferences.Of(second.Metadata, first.Metadata, key => !key.StartsWith("split.", StringComparison.Ordinal))],
        };
    }

    private static TensorDiff? Compare(GgufReader firstFile, GgufTensor first, GgufReader secondFile, GgufTensor second, CancellationToken cancellation)
    {
        if (!first.Shape.AsSpan().SequenceEqual(second.Shape.AsSpan()))
            return DiffOf(first, DiffKind.Form) with { Forms = $"{first.Type} {first.ShapeText} against {second.Type} {second.ShapeText}" };
        var difference = new GgufValueDifference(first);
        bool areSame = first.Type == second.Type;
        for (long element = 0; element < first.ElementCount; element += PieceElements)
        {
            cancellation.ThrowIfCancellationRequested();
            long count = Math.Min(PieceElements, first.ElementCount - element);
            byte[] one = Read(firstFile, first, element, count), other = Read(secondFile, second, element, count);
            areSame &= first.Type == second.Type && one.AsSpan().SequenceEqual(other);
            difference.Add(one, first.Type, other, second.Type);
        }
        return areSame ? null : DiffOf(first, DiffKind.Values) with
        {
            Forms = first.Type == second.Type ? null : $"{first.Type} against {second.Type}",
            DifferentElements = difference.Different,
            RelativeNorm = difference.RelativeNorm,
            LargestDifference = difference.Largest,
        };
    }

    private static byte[] Read(GgufReader file, GgufTensor tensor, long firstElement, long count)
    {
        byte[] bytes = new byte[tensor.Type.BytesPerRow(count)];
        try
        {
            file.ReadInto(tensor, tensor.Type.BytesPerRow(firstElement), bytes);
            return bytes;
        }
        catch (GgufFormatException e)
        {
            throw Errors.GgufInvalid(e);
        }
    }

    /// <summary>Its values are float32 for whoever reads them.</summary>
    private static TensorDiff DiffOf(GgufTensor tensor, DiffKind kind) => new(tensor.Name, kind, DType.F32, tensor.ElementCount)
    {
        BlockType = tensor.Type.ToString(),
    };
}
