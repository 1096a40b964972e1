using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Deltas;

/// <summary>Where only some rows change, the others are neither widened nor rounded; what is checked and counted stays the same.</summary>
public sealed class TrainedRowsTests
{
    private const string Embedding = "model.embed_tokens.weight";

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.25)]
    public async Task Other_rows_keep_every_bit_and_changed_elements_are_counted(double weight)
    {
        double[] values = [.. Enumerable.Range(0, 32).Select(i => i / 8.0)];
        using Workbench bench = Bench(DType.F16, values, [4, 8, 12, 16], [13.5, 5, 5, 5]);

        MergeResult result = await bench.MergeAsync(bench.Request() with { Adapters = [new AdapterRequest(bench.Adapter, weight)] });

        double[] expected = [.. values];
        new double[] { 4, 8, 12, 16 }.CopyTo(expected, 8); // token 2
        new double[] { 13.5, 5, 5, 5 }.CopyTo(expected, 20); // token 5
        expected = [.. expected.Zip(values, (trained, before) => before + (weight * (trained - before)))];
        Assert.Equal(expected, TensorTable.Values(TensorTable.Headers(bench.OutputPath)[Embedding]));
        Assert.Equal(8 / 32.0, result.Manifest.Tensors[Embedding].ChangedShare);
        bench.Passed();
    }

    [Fact]
    public async Task A_row_that_is_no_number_in_the_base_may_be_replaced()
    {
        using Workbench bench = Bench(DType.F16, [.. Enumerable.Range(0, 32).Select(i => i == 9 ? double.NaN : i)], [1, 2, 3, 4], [1, 2, 3, 4]);

        await bench.MergeAsync();

        Assert.Equal([1, 2, 3, 4], TensorTable.Values(TensorTable.Headers(bench.OutputPath)[Embedding])[8..12]);
        bench.Passed();
    }

    [Fact]
    public async Task A_row_beside_them_that_is_no_number_is_the_bases_fault()
    {
        using Workbench bench = Bench(DType.F16, [.. Enumerable.Range(0, 32).Select(i => i == 13 ? double.NaN : i)], [1, 2, 3, 4], [1, 2, 3, 4]);

        await bench.AssertRefusedAsync(DiagnosticCode.BaseNotFinite, Embedding);
        bench.Passed();
    }

    [Fact]
    public async Task A_value_beyond_the_dtype_is_named()
    {
        using Workbench bench = Bench(DType.F16, [.. Enumerable.Range(0, 32).Select(i => (double)i)], [1, 2, 3, 4], [1, 100_000, 3, 4]);

        await bench.AssertRefusedAsync(DiagnosticCode.ResultNotFinite, Embedding, "F16", bench.Adapter);
        bench.Passed();
    }

    /// <summary>An embedding of 8 tokens, of which 2 and 5 were trained.</summary>
    private static Workbench Bench(DType dtype, double[] embedding, double[] second, double[] fifth) => new(
        TinyCheckpoint.Llama(dtype).With(Embedding, dtype, [8, 4], embedding),
        TinyAdapter.ForLlama()
            .Config("trainable_token_indices", new JsonArray(2, 5))
            .With("model.embed_tokens.token_adapter.trainable_tokens_delta", DType.F32, [2, 4], [.. second, .. fifth]));
}
