namespace LoraMerge.Gguf.Blocks;

/// <summary>IQ3_S: 256 numbers as 64 points of four, of a codebook of 512. 110 bytes.</summary>
/// <remarks>d, 64 bytes of indices, 8 of their ninth bits, 32 of signs, eight scales of four bits; x = d·(1 + 2·sc)·point.</remarks>
internal static class IQ3S
{
    private const int Elements = 256;
    private const int Bytes = 110;

    private static readonly sbyte[] Points = Codebook.OfFour(
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
            for (int i = 0; i < 64; i++) // of 4 elements
            {
                int index = blocks[2 + i] | (((blocks[66 + (i / 8)] >> (i % 8)) & 1) << 8);
                int scale = (blocks[106 + (i / 16)] >> (i % 16 / 8 * 4)) & 15;
                int signs = blocks[74 + (i / 2)] >> (i % 2 * 4);
                Codebook.Write(Points.AsSpan(4 * index, 4), d * (1 + (2 * scale)), signs, values.Slice(4 * i, 4));
            }
        }
    }
}
