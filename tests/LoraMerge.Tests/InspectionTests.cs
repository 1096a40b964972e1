using System.Text.Json.Nodes;
using LoraMerge.Inspecting;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests;

/// <summary><c>inspect</c> says what an adapter is, also if it cannot be merged.</summary>
public sealed class InspectionTests
{
    [Fact]
    public void Lora_is_described_in_words()
    {
        Inspection inspection = Inspect("old-0.8-rslora-pattern");

        Assert.StartsWith("LoRA adapter", Fact(inspection, "what"), StringComparison.Ordinal);
        Assert.Equal("yes", Fact(inspection, "can be merged"));
        Assert.StartsWith(
            "It corrects 4 weights (q_proj, v_proj) in blocks 0-1. A correction has rank 4 or 8,",
            Fact(inspection, "in words"),
            StringComparison.Ordinal
        );
        Assert.StartsWith("PEFT 0.8.0 or later, before 0.9.0", Fact(inspection, "written by"), StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_of_mlx_lm_is_described_like_any_other()
    {
        Inspection inspection = Inspect("mlx-dora-bias");

        Assert.StartsWith("DoRA adapter", Fact(inspection, "what"), StringComparison.Ordinal);
        Assert.StartsWith("mlx_lm 0.19.0 or later", Fact(inspection, "written by"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error-prompt-tuning", "PROMPT_TUNING adapter: a trained beginning of every input", "no: LORA3006: ")]
    [InlineData("error-unknown-kind", "", "no: LORA3005: ")]
    [InlineData("error-alora", "LORA adapter: ", "no: LORA3006: ")]
    public void Adapter_that_cannot_be_merged_is_described_with_the_reason(string name, string what, string reason)
    {
        Inspection inspection = Inspect(name);

        Assert.StartsWith(what, Fact(inspection, "what"), StringComparison.Ordinal);
        Assert.StartsWith(reason, Fact(inspection, "can be merged"), StringComparison.Ordinal);
        Assert.Contains("PEFT", Fact(inspection, "written by"), StringComparison.Ordinal);
    }

    [Fact]
    public void Experts_have_a_rank_and_a_factor_too()
    {
        using var folder = new TestFolder();
        TinyAdapter adapter = TinyAdapter
            .Lora()
            .Config("target_parameters", new JsonArray("mlp.experts.gate_up_proj", "mlp.experts.down_proj"))
            .Config("rank_pattern", new JsonObject { ["down_proj"] = 4 })
            .Filled("model.layers.3.mlp.experts.lora_A.weight", DType.F32, 8, 5)
            .Filled("model.layers.3.mlp.experts.lora_B.weight", DType.F32, 4, 8)
            .Filled("model.layers.3.mlp.experts.base_layer.lora_A.weight", DType.F32, 4, 4)
            .Filled("model.layers.3.mlp.experts.base_layer.lora_B.weight", DType.F32, 10, 4);

        Inspection inspection = Merger.Inspect(adapter.WriteTo(folder["adapter"]));

        Assert.Equal(
            "It corrects the weights of experts and the like (down_proj, gate_up_proj) in block 3, each expert's with rank 2 or 4 and factor 1 or 2.",
            Fact(inspection, "in words")
        );
        Assert.Equal((string[])["2", "4"], inspection.Facts.Single(fact => fact.Name == "ranks").Value);
        Assert.Equal((string[])["1", "2"], inspection.Facts.Single(fact => fact.Name == "scalings").Value);
        folder.Passed();
    }

    [Fact]
    public void One_weight_in_one_block_of_a_release_that_the_file_does_not_tell()
    {
        using var folder = new TestFolder();
        TinyAdapter adapter = TinyAdapter.Lora().WithoutConfig("corda_config").Module("model.layers.7.q_proj", 4, 4);

        Inspection inspection = Merger.Inspect(adapter.WriteTo(folder["adapter"]));

        Assert.StartsWith("It corrects 1 weight (q_proj) in block 7. ", Fact(inspection, "in words"), StringComparison.Ordinal);
        Assert.StartsWith("an unknown release of PEFT (", Fact(inspection, "written by"), StringComparison.Ordinal);
        folder.Passed();
    }

    [Theory]
    [InlineData("0.6.2", false)]
    [InlineData("0.9.0", true)]
    [InlineData("0.21.2", false)]
    public async Task Biases_are_lost_only_with_the_releases_that_did_not_save_them(string release, bool areLost)
    {
        TinyAdapter adapter = TinyAdapter.ForLlama().Config("bias", "lora_only").Config("peft_version", release);
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled("model.layers.0.self_attn.q_proj.bias", DType.BF16, 4), adapter);

        Inspection inspection = Merger.Inspect(bench.Adapter);
        CommandLineRun run = await bench.RunAsync();

        Assert.Equal(areLost, inspection.Facts.Any(fact => fact.Name == "oddities"));
        Assert.Equal(areLost, run.Error.Contains("LORA3042", StringComparison.Ordinal));
        bench.Passed();
    }

    private static Inspection Inspect(string name) => Merger.Inspect(Path.Combine(GoldenCase.Root, name, "adapter"));

    private static string Fact(Inspection inspection, string name) => Assert.IsType<string>(inspection.Facts.Single(fact => fact.Name == name).Value);
}
