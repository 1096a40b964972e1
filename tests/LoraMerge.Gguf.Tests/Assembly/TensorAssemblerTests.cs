using System.Collections.Immutable;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tests.Golden;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Assembly;

/// <summary>Blocks of rows: each row once, in order, and no more of them at a time than a block holds.</summary>
public sealed class TensorAssemblerTests
{
    [Theory]
    [InlineData(2000, 1024)]
    [InlineData(3, TensorAssembler.BlockElements)]
    [InlineData(3, 2 * TensorAssembler.BlockElements)]
    [InlineData(1, 1)]
    public void Rows_are_asked_for_once_in_order_a_block_at_a_time(int rows, int width)
    {
        long next = 0;
        long offset = 0;
        LayoutTensor tensor = Tensor(GgufType.F32, [rows, width], []);
        var assembler = new TensorAssembler(
            (_, firstRow, rowCount, destination) =>
            {
                Assert.Equal(next, firstRow);
                Assert.Equal((long)rowCount * width, destination.Length);
                Assert.True(rowCount == 1 || destination.Length <= TensorAssembler.BlockElements);
                destination.Fill(firstRow);
                next += rowCount;
            },
            threads: 2);

        assembler.Write(tensor, (byteOffset, bytes) =>
        {
            Assert.Equal(offset, byteOffset);
            offset += bytes.Length;
        }, TestContext.Current.CancellationToken);

        Assert.Equal(rows, next);
        Assert.Equal(4L * rows * width, offset);
    }

    [Theory]
    [InlineData("Q4_K")]
    [InlineData("Q8_0")]
    [InlineData("F16")]
    public void Any_number_of_threads_gives_the_same_bytes(string typeName)
    {
        LayoutTensor tensor = Tensor(Enum.Parse<GgufType>(typeName), [301, 1024], [new Step.Rope(7)]);
        float[] values = Values(301 * 1024);

        byte[][] all = [.. ((int[])[1, 2, 3, 16]).Select(threads => Write(tensor, values, threads))];

        Assert.All(all, bytes => Assert.Equal(all[0], bytes));
    }

    /// <summary>Steps in any order that tables have, against the same steps over whole tensors.</summary>
    [Theory]
    [InlineData("rope")]
    [InlineData("rope of a bias")]
    [InlineData("transpose")]
    [InlineData("transpose and every other")]
    [InlineData("a part of each matrix")]
    [InlineData("every other column")]
    [InlineData("reshape, take, transpose")]
    [InlineData("rows in another order, over blocks")]
    [InlineData("columns in another order")]
    [InlineData("a list in another order")]
    [InlineData("rows of zeros, over blocks")]
    [InlineData("a list as a column")]
    [InlineData("a list as rows")]
    [InlineData("negated exponentials")]
    [InlineData("plus")]
    public void Steps_do_what_they_say(string name)
    {
        (long[] shape, Step[] steps, Func<Numbers, Numbers> expected) = StepsNamed(name);
        float[] values = Values((int)shape.Aggregate(1L, (product, side) => product * side));

        byte[] bytes = Write(Tensor(GgufType.F32, shape, steps), values, threads: 1);

        Numbers wanted = expected(new Numbers(shape, Array.ConvertAll(values, value => (double)value)));
        Assert.Equal(Array.ConvertAll(wanted.Values, value => (float)value), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_no_number_is_refused_in_every_type(float value)
    {
        float[] values = Values(256);
        values[201] = value;

        Assert.All((GgufType[])[GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0, GgufType.Q4_K], type =>
            Assert.Equal(LayoutFault.ValueNotRepresentable,
                Assert.Throws<GgufLayoutException>(() => Write(Tensor(type, [1, 256], []), values, threads: 1)).Fault));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_value_too_large_names_its_tensor_from_any_thread(int threads)
    {
        float[] values = Values(256 * 1024);
        values[^1] = 1e9f;

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => Write(Tensor(GgufType.Q4_K, [256, 1024], []), values, threads));

        Assert.Equal(LayoutFault.ValueNotRepresentable, e.Fault);
        Assert.Contains("'target'", e.Message, StringComparison.Ordinal);
        Assert.Contains("1E+09", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_stopped_between_blocks()
    {
        using var stop = new CancellationTokenSource();
        int blocks = 0;
        var assembler = new TensorAssembler((_, _, _, _) => blocks++, threads: 1);

        Assert.Throws<OperationCanceledException>(
            () => assembler.Write(Tensor(GgufType.F32, [100, TensorAssembler.BlockElements], []), (_, _) => stop.Cancel(), stop.Token));

        Assert.Equal(1, blocks);
    }

    private static (long[] Shape, Step[] Steps, Func<Numbers, Numbers> Expected) StepsNamed(string name) => name switch
    {
        "rope" => ([12, 5], [new Step.Rope(3)], x => x.Rope(3)),
        "rope of a bias" => ([12], [new Step.Rope(3)], x => x.Rope(3)),
        "transpose" => ([37, 21], [new Step.Transpose()], x => x.Transpose()),
        "transpose and every other" => ([3, 5, 8], [new Step.Transpose(), new Step.Take(1, 1, 8, 2)], x => x.Transpose().Take(1, 1, 8, 2)),
        "a part of each matrix" => ([3, 8, 5], [new Step.Take(1, 2, 6)], x => x.Take(1, 2, 6, 1)),
        "every other column" => ([3, 8], [new Step.Take(1, 0, 8, 2)], x => x.Take(1, 0, 8, 2)),
        "reshape, take, transpose" => (
            [12, 5],
            [new Step.Reshape([3, 4, 5]), new Step.Take(1, 0, 3), new Step.Transpose()],
            x => (x with { Shape = [3, 4, 5] }).Take(1, 0, 3, 1).Transpose()),
        "rows in another order, over blocks" => (
            [4000, 600],
            [new Step.Arrange(0, [(3000, 1000), (0, 0), (7, 2993), (0, 7)])],
            x => x with { Values = [.. x.Values[(3000 * 600)..], .. x.Values[(7 * 600)..(3000 * 600)], .. x.Values[..(7 * 600)]] }),
        "columns in another order" => (
            [3, 8],
            [new Step.Arrange(1, [(5, 3), (0, 5)])],
            x => x with { Values = [.. x.Values.Chunk(8).SelectMany(row => row[5..].Concat(row[..5]))] }),
        "a list in another order" => ([8], [new Step.Arrange(0, [(6, 2), (0, 6)])], x => x with { Values = [.. x.Values[6..], .. x.Values[..6]] }),
        "rows of zeros, over blocks" => ([3000, 600], [new Step.Pad(4000)], x => x with { Values = [.. x.Values, .. new double[1000 * 600]] }),
        "a list as a column" => ([12], [new Step.Reshape([12, 1])], x => x),
        "a list as rows" => ([12], [new Step.Reshape([3, 4])], x => x),
        "negated exponentials" => ([12], [new Step.NegateExponential()], x => x with { Values = Array.ConvertAll(x.Values, value => -Math.Exp(value)) }),
        _ => ([4, 4], [new Step.Plus(1)], x => x.Plus(1)),
    };

    private static LayoutTensor Tensor(GgufType type, long[] shape, Step[] steps) => new(
        "target",
        type,
        steps.Aggregate(ImmutableArray.Create(shape), (before, step) => step.ShapeAfter(before)),
        [new SourceTensor("source", DType.F32, [.. shape])],
        [.. steps],
        []);

    private static byte[] Write(LayoutTensor tensor, float[] values, int threads)
    {
        using var written = new MemoryStream();
        int width = (int)tensor.Sources[0].Shape[^1];
        new TensorAssembler((_, firstRow, rowCount, destination) => values.AsSpan((int)firstRow * width, rowCount * width).CopyTo(destination), threads)
            .Write(tensor, (_, bytes) => written.Write(bytes));
        return written.ToArray();
    }

    private static float[] Values(int count)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }
}
