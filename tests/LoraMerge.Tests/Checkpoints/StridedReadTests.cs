using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Checkpoints;

public sealed class StridedReadTests
{
    [Fact]
    public void Any_range_of_any_view_is_what_one_element_after_another_gives()
    {
        var random = new Random(7);
        byte[] file = new byte[200_000];
        random.NextBytes(file);

        for (int i = 0; i < 500; i++)
        {
            StoredTensor tensor = RandomView(random, file.Length);
            byte[] whole = OneAfterAnother(tensor, file);
            int start = random.Next(whole.Length + 1);
            byte[] part = new byte[random.Next(whole.Length - start + 1)];

            StridedRead.Into(tensor, start, part, (offset, bytes) => file.AsSpan((int)offset, bytes.Length).CopyTo(bytes));

            Assert.True(
                whole.AsSpan(start, part.Length).SequenceEqual(part),
                $"{tensor.ShapeText}, strides {string.Join(", ", tensor.Strides)}, {start} + {part.Length}"
            );
        }
    }

    [Fact]
    public void A_transposed_matrix_takes_large_reads()
    {
        const int side = 2048;
        var tensor = new StoredTensor("w", DType.BF16, [side, side], "w.bin", 0, side * side * 2L) { Strides = [1, side] };
        long reads = 0, bytesRead = 0;

        StridedRead.Into(tensor, 0, new byte[tensor.ByteLength], (_, bytes) => (reads, bytesRead) = (reads + 1, bytesRead + bytes.Length));

        Assert.InRange(reads, 1, 64);
        Assert.InRange(bytesRead, tensor.ByteLength, tensor.ByteLength * 2);
    }

    [Fact]
    public void Two_columns_of_a_wide_matrix_do_not_read_all_of_it()
    {
        var tensor = new StoredTensor("w", DType.F32, [1000, 2], "w.bin", 0, 8000) { Strides = [100_000, 1] };
        long bytesRead = 0;

        StridedRead.Into(tensor, 0, new byte[tensor.ByteLength], (_, bytes) => bytesRead += bytes.Length);

        Assert.Equal(8000, bytesRead);
    }

    private static StoredTensor RandomView(Random random, int fileLength)
    {
        DType dtype = ((DType[])[DType.U8, DType.BF16, DType.F32, DType.F64])[random.Next(4)];
        int size = dtype.BitsPerElement() / 8;
        int dimensions = random.Next(0, 5);
        long[] shape = [.. Enumerable.Range(0, dimensions).Select(_ => (long)random.Next(1, 9))];
        long[] strides = [.. shape.Select(_ => (long)random.Next(random.Next(2) == 0 ? 10 : 600))];
        long last = shape.Zip(strides, (length, stride) => (length - 1) * stride).Sum();
        long offset = random.NextInt64(fileLength - (last * size) - size + 1);
        return new StoredTensor("x", dtype, [.. shape], "x.bin", offset, shape.Aggregate(1L, (product, length) => product * length) * size)
        {
            Strides = ImmutableArray.Create(strides),
        };
    }

    private static byte[] OneAfterAnother(StoredTensor tensor, byte[] file)
    {
        int size = tensor.DType.BitsPerElement() / 8;
        var bytes = new List<byte>();
        for (long element = 0; element < tensor.ElementCount; element++)
        {
            long rest = element, offset = 0;
            for (int i = tensor.Shape.Length - 1; i >= 0; i--)
            {
                offset += rest % tensor.Shape[i] * tensor.Strides[i];
                rest /= tensor.Shape[i];
            }
            bytes.AddRange(file.AsSpan((int)(tensor.FileOffset + (offset * size)), size));
        }
        return [.. bytes];
    }
}
