using System.Collections.Immutable;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Restoring;

/// <summary>A tensor of Hugging Face's folder, whose values lie in a GGUF file.</summary>
/// <param name="Name">Such as <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
/// <param name="Shape">Rows first.</param>
/// <param name="File">That holds it.</param>
/// <param name="Stored">The tensor there.</param>
/// <param name="Values">How its values lie in it.</param>
internal sealed record RestoredTensor(string Name, ImmutableArray<long> Shape, GgufReader File, GgufTensor Stored, RestoredValues Values)
{
    /// <summary>Where the bytes of the stored tensor begin in its file.</summary>
    public long FileOffset => File.Header.DataOffset + Stored.ByteOffset;

    /// <summary>Reads values as float32, in the order of the shape, from any element on. May be called from several threads at once.</summary>
    /// <exception cref="GgufFormatException">Truncated: the file was cut after it was opened.</exception>
    public void Read(long firstElement, Span<float> destination) =>
        Values.Read((offset, bytes) => File.ReadInto(Stored, offset, bytes), firstElement, destination);
}
