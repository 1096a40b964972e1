using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>One safetensors file: its tensors in the order of their bytes.</summary>
/// <param name="FileName">The file's name, without folder.</param>
/// <param name="File">Its full path.</param>
/// <param name="Tensors">Its tensors, in the order of their bytes.</param>
/// <param name="Metadata">The header's <c>__metadata__</c>.</param>
public sealed record Shard(string FileName, string File, ImmutableArray<StoredTensor> Tensors, ImmutableDictionary<string, string> Metadata)
{
    /// <summary>Reads the header of a safetensors file.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA2002, LORA2003.</exception>
    public static Shard Read(string file)
    {
        try
        {
            LfsPointer.ThrowIf(file);
            using SafetensorsReader reader = SafetensorsReader.Open(file);
            SafetensorsHeader header = reader.Header;
            ImmutableArray<StoredTensor> tensors =
                [.. header.Tensors.Select(t => new StoredTensor(t.Name, t.DType, t.Shape, file, header.DataOffset + t.ByteOffset, t.ByteLength))];
            return new Shard(Path.GetFileName(file), file, tensors, header.Metadata);
        }
        catch (SafetensorsFormatException e)
        {
            throw Errors.SafetensorsInvalid(file, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }
}
