using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Quantized;

/// <summary>Values of quantised weights do not depend on how they are asked for.</summary>
public sealed class DecodingTests
{
    public static TheoryData<string> Cases => [.. PackedBase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Any_pieces_of_a_weight_are_those_of_the_whole(string name)
    {
        using var folder = new TestFolder();
        PackedBase packed = PackedBase.Unpack(name, folder["case"]);
        var random = new Random(7);
        using var files = new TensorFiles();

        foreach (QuantizedTensor tensor in packed.Quantized())
        {
            TensorSource wide = tensor.WideEnoughFor(DType.F64);
            double[] whole = PackedBase.Values(wide, files);
            for (int i = 0; i < 20; i++)
            {
                int first = random.Next(whole.Length), count = random.Next(1, whole.Length - first + 1);
                double[] piece = new double[count];
                wide.ReadInto(files, first, MemoryMarshal.AsBytes(piece.AsSpan()));
                Assert.Equal(whole.AsSpan(first, count).ToArray(), piece);
            }
        }
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Narrow_values_are_wide_ones_rounded_once(string name)
    {
        using var folder = new TestFolder();
        PackedBase packed = PackedBase.Unpack(name, folder["case"]);
        using var files = new TensorFiles();

        foreach (QuantizedTensor tensor in packed.Quantized())
        {
            double[] wide = PackedBase.Values(tensor.WideEnoughFor(DType.F64), files);
            float[] narrow = new float[wide.Length];
            tensor.ReadInto(files, 0, MemoryMarshal.AsBytes(narrow.AsSpan()));
            Assert.Equal(wide.Select(value => (float)value), narrow);
        }
        folder.Passed();
    }
}
