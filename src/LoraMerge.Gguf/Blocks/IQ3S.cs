using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ3_S: 256 numbers as 64 points of four, of a codebook of 512. 110 bytes.</summary>
/// <remarks>d, 64 bytes of indices, 8 of their ninth bits, 32 of signs, eight scales of four bits; x = d·(1 + 2·sc)·point.</remarks>
internal static class IQ3S
{
    private const int Elements = 256;
    private const int Bytes = 110;

    private static readonly float[] Points = Codebook.OfFour(
        "AAABAAIABQAHABAAEQASABQAFgAgACEAJQAzAEAAQgBFAEcAUQBTAGAAYgBxAHQAdwAAAQEBAgEEARABEQEVASABIwEnATEBNQFEAWEBZQFyAQACAQIFAgcCEAITAhYCIQIlAjAC"
        + "NAJCAkUCRwJRAlMCcAJzAgMDEQMVAyADIgMxAzMDNgNEA1ADUgNnA3EDdQMABBMEFwQhBCQEMgRABEMEUQRwBAIFBAUgBSIFJgUzBUEFRQVHBWYFcwUGBhEGEwYxBlIGcQYABwIH"
        + "BAcgByIHJgczB1AHVAcAEAEQAhAEEBAQERATEBUQFxAgECIQMRA0EDYQVBBWEGEQchAAEQERAxEGERARFBEhETARMxFBEVARUhFwEXYRABISEhUSFxIgEiQSMhJAEkMSVRJgEnIS"
        + "ARMEEwcTEBMTEyETJxMwEzQTQRNiE3ATAxQFFBIUFBQxFDMUQhRGFFAUVBQBFRAVExUhFTAVMhVRFSAWJBYnFkQWRhYBFwMXEBcSFyEXNRdBF2IXcBcAIAEgAyAFIAcgECASIBQg"
        + "FiAhICMgJyAwIDIgQSBDIEUgUCBSIGcgcCBzIHUgACECIRAhEyEXISIhJSExITQhQiFRIQEiBCIHIiEiIyIwIjciQSJTIlcicSJ0IgAjAiMFIxEjIiMkIzEjMyNCI1AjZiMBJAck"
        + "ICQjJDIkNSRBJHIkdSQEJRElIiU3JUAlUyVwJQAmAiYHJiEmVSZhJgUnEScmJzAnQydQJwIwETATMBUwFzAiMDEwMzA1MEIwRDBHMFEwYzBxMAExAzEFMRQxITEjMUAxYDFyMXYx"
        + "ADISMiAyMjI0MlAyATMQMxQzITMjMyczMDNBM0MzRzNVM3MzAzQRNBY0IjQxNFI0YDRkNAE1EDUSNSU1MjVENVY1czUWNkE2ATcDNyA3Ijc1NwBABEASQCBAJEAnQDJAQUBQQHBA"
        + "AkEHQRFBE0EiQTBBNUFDQVFBVUEBQgNCEEIVQiFCM0JAQldCYkJwQgRDEUMTQyBDIkMxQzVDAEQCRCREN0RARHFEBUUHRSFFYkUTRjRGYEYQRxVHMEdDR1FHAlAQUBRQIlBAUERQ"
        + "R1BSUGZQdFABUQNRBVESUSFRMlFyUQBSEVIjUjBSNlJTUgJTB1MQUydTRFNRU2VTc1MBVARUIFQyVEZUElUmVVFVU1VCVgJXBFciVxFgE2AVYDFgM2BgYABhIGEnYWRhEmI0YkJi"
        + "VWJiYnBiAGMUYyFjQGMlZENkYmQAZQNlNGVgZQVmQGYRZxNnAHAEcAdwIHAicDZwQHBUcGJwAnERcSRxQ3FFcQFyBHIQchZyIXIwclFyAnMyczVzU3MBdAV0E3QgdFB0InVCdQJ2"
        + "MXYAdw==",
        [1, 3, 5, 7, 9, 11, 13, 15]);

    public static void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[Bytes..], values = values[Elements..])
        {
            float d = Float16.Read(blocks);
            for (int i = 0; i < 32; i++) // of 8 elements
            {
                int ninths = blocks[66 + (i / 4)] >> (i % 4 * 2);
                int first = blocks[2 + (2 * i)] | ((ninths & 1) << 8);
                int second = blocks[3 + (2 * i)] | ((ninths & 2) << 7);
                int scale = (blocks[106 + (i / 8)] >> (i % 8 / 4 * 4)) & 15;
                var point = Vector256.Create(Vector128.Create(Points, 4 * first), Vector128.Create(Points, 4 * second));
                Codebook.Write(point, d * (1 + (2 * scale)), blocks[74 + i], values[(8 * i)..]);
            }
        }
    }
}
