using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ2_XXS: 256 numbers as 32 points of eight, of a codebook of 256. 66 bytes.</summary>
/// <remarks>d, then for each 32 elements four bytes of indices and 32 bits: four times seven of signs and four of a scale; x = d·(0.5 + sc)/4·point.</remarks>
internal static class IQ2XXS
{
    private const int Elements = 256;
    private const int Bytes = 66;

    private static readonly float[] Points = Codebook.OfEight(
        "AAACAAUACAAKABEAFAAgACIAKAAqAEEARABQAFgAYQBkAIAAggCKAKIAAQEEARABFQFAAYQBmAEAAgICIgKCAgEEBAQQBCEEJARABEIESARgBIEEhASQBKQEAAUCBQgFIAVGBWkF"
        + "gAWRBQkGEAZABoQGpAYACAUICAgUCCgIQQhECFAIUgiICAQJQAkCChQKARAEEBAQIRBAEGAQhBCQEJUQABEIESARUBFaEYARJBJFEgAUCBQgFCUUSRSAFBgVYhUAFhYWARgEGBAY"
        + "QBiBGAAZBRmgGVEaACACIAogRCBhIIAggiApIUghACICIgEkBCQQJEAkViQAJUElZCWQJggoICiUKEQqAUAEQBBAGEAhQCRAQEBIQFZAYECBQIRAkEAAQSBBYUGAQYVBAUIQQkhC"
        + "VkJoQgBECEQgRIBEmUQSRSRFAEYBSARIEEhASEVIAElYSWFJgklFSpBKAFAIUBFQGVAgUIBQiFAEUUJRpFGRUpBUklQKVQFWVFYAWBFYGVhkWEBZCFoEYBBgQGBoYABhVWEYYmBi"
        + "AGQFZBBlEmWEZUJoAIACgAqAQYCCgASBGIFAgRGCAYQEhBCEFYRAhGCEAIVGhZSFCYZAhmCGAogEiRGKBJAQkCSQQJChkBaRgJFFkgCUIpRElFGVgZggmQKgUKCFoAmhAKIYpFCo"
        + "BKk=",
        IQ2XS.Levels);

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            for (int group = 0; group < 8; group++) // of 32 elements
            {
                ReadOnlySpan<byte> indices = blocks.Slice(2 + (8 * group), 4);
                uint signsAndScale = BinaryPrimitives.ReadUInt32LittleEndian(blocks[(6 + (8 * group))..]);
                float scale = d * (0.5f + (signsAndScale >> 28)) * 0.25f;
                for (int i = 0; i < 4; i++)
                    Codebook.Write(Vector256.Create(Points, 8 * indices[i]), scale, Codebook.SignsOf(signsAndScale >> (7 * i)),
                        values[((32 * group) + (8 * i))..]);
            }
        }
    }
}
