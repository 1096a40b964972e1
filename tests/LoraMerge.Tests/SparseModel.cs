using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary>A weight file of bfloat16 zeros that takes no room: only its header is written, the rest is a hole.</summary>
internal static class SparseModel
{
    public static void Write(string file, params (string Name, long[] Shape)[] tensors)
    {
        var layout = ShardLayout.Create(tensors.Select(tensor => (tensor.Name, DType.BF16, tensor.Shape.ToImmutableArray())), new Dictionary<string, string> { ["format"] = "pt" });
        using FileStream stream = File.Create(file);
        stream.Write(layout.HeaderBytes.Span);
        stream.SetLength(layout.FileLength);
    }
}
