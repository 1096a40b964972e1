using LoraMerge.Combinations;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Determinism;

/// <summary>Weights of several groups of rows: neither a limit of memory nor the number of threads changes a bit of any form.</summary>
/// <remarks>All is float64: results are not rounded, so that the last bit of a sum or a product shows.</remarks>
public sealed class RowBlockTests
{
    private const int Rank = 8;
    private const string Module = "model.layers.0.mlp.up_proj";
    private const string Head = "lm_head";

    [Theory]
    [InlineData("lora", 3101, 1500)]
    [InlineData("lora", 5, 140_001)]
    [InlineData("lora, moved towards", 3101, 1500)]
    [InlineData("dora", 3101, 1500)]
    [InlineData("dora", 5, 140_001)]
    [InlineData("dora, half", 3101, 1500)]
    [InlineData("olora", 3101, 1500)]
    [InlineData("pissa", 9001, 500)]
    [InlineData("pissa", 500, 701)]
    [InlineData("kasa", 9001, 500)]
    [InlineData("cat", 3101, 1500)]
    public async Task A_linear_layer_has_the_same_bits(string form, long outputs, long inputs)
    {
        TinyAdapter adapter = TinyAdapter.Lora(Rank).Module(Module, outputs, inputs, DType.F64);
        if (form.StartsWith("dora", StringComparison.Ordinal))
            adapter.Config("use_dora", true).Filled($"{Module}.lora_magnitude_vector", DType.F64, outputs);
        else if (form == "kasa")
            adapter.Config("kasa_config", new System.Text.Json.Nodes.JsonObject { ["beta"] = 0.1 }).Filled($"{Module}.lora_diag", DType.F64, Rank);
        else if (form is "pissa" or "olora")
            adapter.Config("init_lora_weights", form);
        else if (form == "lora, moved towards")
            adapter.Filled($"{Head}.weight", DType.F64, outputs, inputs);
        TinyCheckpoint checkpoint = Checkpoint("llama").Filled($"{Module}.weight", DType.F64, outputs, inputs);
        if (form == "lora, moved towards")
            checkpoint.Filled($"{Head}.weight", DType.F64, outputs, inputs);

        await AssertSameBits(checkpoint, adapter, form is "dora, half" or "lora, moved towards" ? 0.5 : 1, form == "cat");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_layer_whose_outputs_are_columns_has_the_same_bits(bool isDora)
    {
        TinyAdapter adapter = TinyAdapter.Lora(Rank).Module("transformer.h.0.attn.c_attn", 3000, 1501, DType.F64);
        if (isDora)
            adapter.Config("use_dora", true).Filled("transformer.h.0.attn.c_attn.lora_magnitude_vector", DType.F64, 3000);

        await AssertSameBits(Checkpoint("gpt2").Filled("h.0.attn.c_attn.weight", DType.F64, 1501, 3000), adapter);
    }

    [Fact]
    public async Task Fused_experts_have_the_same_bits()
    {
        const long experts = 5, inner = 1331, hidden = 500;

        await AssertSameBits(
            Checkpoint("mixtral").Filled("mlp.experts.down_proj", DType.F64, experts, inner, hidden),
            TinyAdapter.Lora(2).Config("target_parameters", new System.Text.Json.Nodes.JsonArray("mlp.experts.down_proj"))
                .Filled("mlp.experts.lora_A.weight", DType.F64, 2 * experts, hidden).Filled("mlp.experts.lora_B.weight", DType.F64, inner, 2 * experts));
    }

    private static TinyCheckpoint Checkpoint(string family) =>
        TinyCheckpoint.Empty.File("config.json", $$"""{ "model_type": "{{family}}", "tie_word_embeddings": false }""");

    private static async Task AssertSameBits(TinyCheckpoint checkpoint, TinyAdapter adapter, double weight = 1, bool isCombined = false)
    {
        using var bench = new Workbench(checkpoint, adapter);
        MergeRequest request = bench.Request() with { Threads = 1 };
        request = request with { Adapters = [.. request.Adapters.Select(asked => asked with { Weight = weight })] };
        AdapterRequest first = request.Adapters[0];
        if (isCombined)
            request = request with { Adapters = [first, first with { Weight = 0.25 }], Combination = new Combination(CombinationWay.Cat) };
        await bench.MergeAsync(request);
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);

        foreach (MergeRequest other in (MergeRequest[])[request with { MaxMemory = 1 }, request with { Threads = 3 }])
        {
            await bench.MergeAsync(other);

            Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        }
        bench.Passed();
    }
}
