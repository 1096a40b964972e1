using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ3_XXS: 256 numbers as 64 points of four, of a codebook of 256. 98 bytes.</summary>
/// <remarks>d, 64 bytes of indices, then for each 32 elements 32 bits: four times seven of signs and four of a scale; x = d·(0.5 + sc)/2·point.</remarks>
internal static class IQ3XXS
{
    private const int Elements = 256;
    private const int Bytes = 98;

    private static readonly float[] Points = Codebook.OfFour(
        "AAACAAQAEQATABcAIAAiADEAQgBzAHUAAQEDARABEgEhASUBMAEyAUEBVAFwAQACAgIEAhECIAIiAjECMwI3AlECVwJ1AgEDBwMQAxIDJQNwAxMENwREBFcEcwR1BAEFBwUyBVIF"
        + "NQZkBhAHFAcWB0MHYQcBEAMQEBASECEQIxAwEDIQNBBHEFAQABECERERIBEiEQESAxIQEhISIRIwEnISABMCEyATMRNGE2YTARQFFFAUIBUkFUYVcRUFFiIXQBcAIAIgESATICAg"
        + "IiAmIDEgQiABIQMhBSEQIRIhISEwIWMhZyFwIQAiAiIRIhciICIiIjciQCJVIgEjECMUI3AjdCM1JFMkAyUnJUEldCUBJwMnFidFJwEwEDASMCEwIzBQMGUwcjAAMQIxIDExMUQx"
        + "RjEBMgMyEDIlMlIycjIRMzMzMDRHNHI0ADUGNSI1VTUUNjY2YzYzN2A3BEAXQDVAN0BTQFdAdEEgQjdCQEJgQmZCB0NFQwREUURkRCVFQ0VwRQVHEEcSRzBHElBBUHBQAFEGUSZR"
        + "VVEUUjJSclICU1NTEFQjVCdUclQCVTFVUFYkV0JXJGBEYEZgZGAhYWFhF2JkYjBjNmNEZAVlUmUzZgNnIWcDcAVwB3AQcDJwUnAmcUBxEnJFclJyAHMVczNzYHMhdEF0AHUCdSR1"
        + "MHY=",
        [4, 12, 20, 28, 36, 44, 52, 62]);

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            for (int i = 0; i < 32; i++) // of 8 elements
            {
                uint signsAndScale = BinaryPrimitives.ReadUInt32LittleEndian(blocks[(66 + (i / 4 * 4))..]);
                float scale = d * (0.5f + (signsAndScale >> 28)) * 0.5f;
                int signs = Codebook.SignsOf(signsAndScale >> (i % 4 * 7));
                var point = Vector256.Create(Vector128.Create(Points, 4 * blocks[2 + (2 * i)]), Vector128.Create(Points, 4 * blocks[3 + (2 * i)]));
                Codebook.Write(point, scale, signs, values[(8 * i)..]);
            }
        }
    }
}
