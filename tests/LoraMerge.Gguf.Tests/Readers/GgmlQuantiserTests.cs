using System.Runtime.InteropServices;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Tests.Blocks;

namespace LoraMerge.Gguf.Tests.Readers;

/// <summary>llama.cpp's own quantiser, out of the library that LLamaSharp loads, over the same values.</summary>
public sealed unsafe class GgmlQuantiserTests
{
    private const int RowLength = 256;

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q5_1")]
    [InlineData("Q4_K")]
    [InlineData("Q5_K")]
    [InlineData("Q6_K")]
    public void Bytes_are_those_of_ggml(string typeName)
    {
        // Elsewhere compilers fuse a product with the sum behind it, which moves last bits.
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "ggml counts step by step on Linux x64 only.");
        GgufType type = Enum.Parse<GgufType>(typeName);

        string[] kinds =
            ["weights", "weights of bfloat16", "outliers", "blocks of very different size", "one side only", "few levels", "zeros among values"];
        foreach (string kind in kinds)
        {
            float[] values = QuantiseTests.Make(kind);
            byte[] blocks = QuantiseTests.Quantise(type, values);

            byte[] theirs = new byte[blocks.Length];
            fixed (float* source = values)
            fixed (byte* destination = theirs)
                QuantizeChunk((int)type, source, destination, 0, values.Length / RowLength, RowLength, null);

            Assert.Equal(theirs, blocks);
        }
    }

    private static delegate* unmanaged<int, float*, void*, long, long, long, float*, nuint> QuantizeChunk { get; } =
        (delegate* unmanaged<int, float*, void*, long, long, long, float*, nuint>)NativeLibrary.GetExport(Library(), "ggml_quantize_chunk");

    private static nint Library() =>
        NativeLibrary.Load(Directory.EnumerateFiles(
            Path.Combine(AppContext.BaseDirectory, "runtimes"), "*ggml-base*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First());
}
