namespace LoraMerge.Safetensors;

/// <summary>Recognises files that are often found under the name of a safetensors file.</summary>
internal static class ForeignFormat
{
    private static bool IsText(ReadOnlySpan<byte> start) => !start.ContainsAnyExceptInRange((byte)'\t', (byte)'~');

    /// <summary>Names the kind of file that begins like this, or returns null.</summary>
    /// <param name="start">The first 8 bytes; none of these beginnings is a header length that the format allows.</param>
    public static string? Recognise(ReadOnlySpan<byte> start)
    {
        if (start.SequenceEqual("version "u8))
            return "a Git LFS pointer: the file itself was not downloaded ('git lfs pull' does that)";
        if (start.StartsWith("PK\x03\x04"u8))
            return "a zip archive, probably of PyTorch (.bin, .pt)";
        if (start[0] == 0x80 && start[1] is >= 2 and <= 5 && start[2..].ContainsAnyExcept((byte)0))
            return "a Python pickle, probably of PyTorch (.bin, .pt)";
        if (start.StartsWith("GGUF"u8))
            return "a GGUF file";
        if (start[1..].SequenceEqual("HDF\r\n\u001a\n"u8))
            return "an HDF5 file";
        if (start.StartsWith("<!DOCTY"u8) || start.StartsWith("<!docty"u8) || start.StartsWith("<html"u8))
            return "an HTML page: probably the answer of a server instead of the file";
        if (start[0] is (byte)'{' or (byte)'[' && IsText(start))
            return "a JSON file";
        if (start[0] == '<' && IsText(start))
            return "an XML file";
        return null;
    }
}
