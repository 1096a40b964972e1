using LoraMerge.Gguf.Container;
using LoraMerge.Merging;

namespace LoraMerge.Formats.Gguf;

/// <summary>Makes the bytes of GGUF files, and hands them to whoever writes or compares them.</summary>
internal abstract class GgufBytes
{
    /// <summary>Takes bytes of a tensor, front to back.</summary>
    /// <param name="tensor">The tensor, with its place in the file.</param>
    /// <param name="byteOffset">Where they go, from the start of the tensor.</param>
    /// <param name="bytes">Valid until the call returns.</param>
    public delegate void Take(GgufTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes one file after the other.</summary>
    /// <param name="blocks">All blocks of the plan.</param>
    /// <param name="begin">Called before the first byte of a file.</param>
    /// <param name="take">Takes its bytes.</param>
    /// <param name="end">Called after the last.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA5041: a value is too large for its type.</exception>
    public abstract void Run(MergedBlocks blocks, Action<GgufFile> begin, Take take, Action<GgufFile> end);
}
