using LoraMerge.Safetensors;

namespace LoraMerge.Fuzz;

/// <summary>A safetensors file: the input is the file, header and data.</summary>
internal static class HeaderTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        string file = folder.Write("model.safetensors", input);
        SafetensorsHeader header;
        try
        {
            header = SafetensorsHeader.Read(file);
        }
        catch (SafetensorsFormatException)
        {
            return false;
        }
        long end = header.DataOffset;
        foreach (TensorEntry tensor in header.Tensors)
        {
            if (header.DataOffset + tensor.ByteOffset != end || !header.TryFind(tensor.Name, out TensorEntry? found) || !found.Equals(tensor))
                throw new InvalidOperationException($"'{tensor.Name}' is not where the header says, or not found by its name.");
            end += tensor.ByteLength;
        }
        if (end != input.Length)
            throw new InvalidOperationException($"The tensors end at {end} in a file of {input.Length} bytes.");
        return true;
    }
}
