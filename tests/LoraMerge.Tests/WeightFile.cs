using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary>A safetensors file, as transformers and PEFT write it. Files that are wrong on purpose are made byte by byte where they are tried.</summary>
internal static class WeightFile
{
    private const int PieceLength = 1 << 20;

    /// <summary>Gives the bytes of a tensor from an offset on.</summary>
    public delegate void Fill(TensorEntry tensor, long offset, Span<byte> bytes);

    /// <summary>Writes a file, tensor by tensor and in pieces of whole elements.</summary>
    public static void Write(string path, IEnumerable<(string Name, DType DType, ImmutableArray<long> Shape)> tensors, Fill fill)
    {
        ShardLayout layout = LayoutOf(tensors);
        byte[] piece = new byte[PieceLength];
        using ShardWriter writer = ShardWriter.Create(path, layout);
        foreach (TensorEntry tensor in layout.Tensors)
        {
            for (long offset = 0; offset < tensor.ByteLength; offset += PieceLength)
            {
                Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(PieceLength, tensor.ByteLength - offset));
                fill(tensor, offset, bytes);
                writer.Write(tensor, offset, bytes);
            }
        }
        writer.Commit();
    }

    /// <summary>A file of zeros that takes no room: only its header is written, the rest is a hole.</summary>
    public static void WriteZeros(string path, IEnumerable<(string Name, DType DType, ImmutableArray<long> Shape)> tensors)
    {
        ShardLayout layout = LayoutOf(tensors);
        using FileStream stream = File.Create(path);
        stream.Write(layout.HeaderBytes.Span);
        stream.SetLength(layout.FileLength);
    }

    private static ShardLayout LayoutOf(IEnumerable<(string Name, DType DType, ImmutableArray<long> Shape)> tensors) =>
        ShardLayout.Create(tensors, new Dictionary<string, string> { ["format"] = "pt" });
}
