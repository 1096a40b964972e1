using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;
using LoraMerge.Writing;

namespace LoraMerge.Tests.BadInput;

/// <summary>Bases whose numbers are codes: refused by config or by names of tensors, with the name of the model that they were made from.</summary>
public sealed class QuantizedBaseTests
{
    [Theory]
    [InlineData("{\"quantization_config\": {\"quant_method\": \"gptq\"}, \"_name_or_path\": \"org/model-7b-GPTQ\"}", "gptq", "'org/model-7b'")]
    [InlineData(
        "{\"quantization_config\": {\"load_in_4bit\": true}, \"_name_or_path\": \"unsloth/model-7b-unsloth-bnb-4bit\"}",
        "bitsandbytes",
        "'unsloth/model-7b'"
    )]
    [InlineData("{\"text_config\": {\"quantization_config\": {\"quant_method\": \"fp8\"}}}", "fp8", "full-precision model")]
    [InlineData("{\"compression_config\": {\"quant_method\": \"compressed-tensors\"}}", "compressed-tensors", "full-precision model")]
    [InlineData("{\"quantization_config\": {}}", "unknown", "full-precision model")]
    public async Task A_config_with_a_quantisation_is_refused(string config, string method, string mention)
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().Filled("model.layers.0.other.weight", DType.U8, 4).File("config.json", config), TinyAdapter.ForLlama());

        await bench.AssertRefusedAsync(DiagnosticCode.BaseIsQuantized, method, "config.json", mention);
        bench.Passed();
    }

    [Fact]
    public async Task A_config_that_kept_the_quantisation_of_a_whole_model_changes_nothing()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File("config.json", "{\"quantization_config\": {\"quant_method\": \"bitsandbytes\"}}"), TinyAdapter.ForLlama());

        MergeResult result = await bench.MergeAsync();

        Assert.NotEmpty(result.Manifest.Tensors);
        bench.Passed();
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.codebooks", DType.F16, "AQLM")]
    [InlineData("model.layers.0.self_attn.q_proj.W_q", DType.U8, "HQQ")]
    [InlineData("model.layers.0.self_attn.q_proj.pre_quant_scale", DType.F32, "pre_quant_scale")]
    public async Task A_tensor_that_only_forms_have_which_are_not_read_is_refused(string tensor, DType dtype, string method)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled(tensor, dtype, 4), TinyAdapter.ForLlama());

        await bench.AssertRefusedAsync(DiagnosticCode.BaseIsQuantized, method, tensor);
        bench.Passed();
    }

    [Theory]
    [InlineData("weight.absmax", DType.F32, DiagnosticCode.QuantizedPartUnused)]
    [InlineData("weight.quant_state.bitsandbytes__nf4", DType.U8, DiagnosticCode.QuantizedStateInvalid)]
    [InlineData("SCB", DType.F32, DiagnosticCode.QuantizedDTypeMismatch)]
    [InlineData("qweight", DType.I32, DiagnosticCode.QuantizedShapeMismatch)]
    [InlineData("weight_packed", DType.I32, DiagnosticCode.QuantizedShapeMismatch)]
    [InlineData("weight_scale_inv", DType.F32, DiagnosticCode.QuantizedPartUnused)]
    [InlineData("weight_zero_point", DType.U8, DiagnosticCode.QuantizedPartUnused)]
    public async Task A_part_beside_plain_weights_is_named(string part, DType dtype, DiagnosticCode code)
    {
        string tensor = "model.layers.0.self_attn.q_proj." + part;
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled(tensor, dtype, 4), TinyAdapter.ForLlama());

        await bench.AssertRefusedAsync(code, "q_proj");
        bench.Passed();
    }

    [Theory]
    [InlineData("TheBloke/Llama-2-7B-AWQ", "TheBloke/Llama-2-7B")]
    [InlineData("unsloth/llama-3-8b-bnb-4bit", "unsloth/llama-3-8b")]
    [InlineData("org/model-int8", "org/model")]
    [InlineData("org/model-7b", null)]
    [InlineData(null, null)]
    public void The_full_precision_model_is_named_by_what_stands_before_the_suffix(string? name, string? expected)
    {
        Assert.Equal(expected, QuantizedNames.FullPrecisionName(name));
    }

    [Fact]
    public async Task An_adapter_of_a_quantised_base_merges_into_the_full_one_with_one_line_that_says_so()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("base_model_name_or_path", "unsloth/tiny-bnb-4bit"));

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Single(run.Output.Split('\n'), line => line.Contains("unsloth/tiny-bnb-4bit", StringComparison.Ordinal));
        bench.Passed();
    }
}
