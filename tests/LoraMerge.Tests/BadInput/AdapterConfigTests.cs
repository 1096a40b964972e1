using System.Text;
using LoraMerge.Diagnostics;
using LoraMerge.Writing;

namespace LoraMerge.Tests.BadInput;

/// <summary>adapter_config.json as strangers write it: refused with the field and its value, or read in spite of its dress.</summary>
public sealed class AdapterConfigTests
{
    private const string Sound = "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4}";

    [Theory]
    [InlineData("", "input does not contain")]
    [InlineData("r = 8", "invalid start")]
    [InlineData("[]", "no object at its top")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2", "line 1, column")]
    [InlineData("{\"peft_type\": \"LORA\", \"lora_alpha\": 4}", "\"r\" is missing")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": null, \"lora_alpha\": 4}", "\"r\" is missing")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 0, \"lora_alpha\": 4}", "\"r\" is 0")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": -8, \"lora_alpha\": 4}", "\"r\" is -8")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": \"8\", \"lora_alpha\": 4}", "\"r\" is \"8\", but a whole number is expected")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2.5, \"lora_alpha\": 4}", "\"r\" is 2.5")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 99999999999, \"lora_alpha\": 4}", "\"r\" is 99999999999")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": [2], \"lora_alpha\": 4}", "\"r\" is [2]")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2}", "\"lora_alpha\" is missing")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": NaN}", "\"lora_alpha\" is NaN, but a finite number is expected")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": -Infinity}", "\"lora_alpha\" is -Infinity, but a finite number is expected")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": NaN, \"lora_alpha\": 4}", "\"r\" is NaN, but a whole number is expected")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": \"16\"}", "\"lora_alpha\" is \"16\", but a finite number is expected")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 1e999}", "1e999")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": {}}", "\"lora_alpha\" is {}")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"use_rslora\": \"yes\"}", "\"use_rslora\" is \"yes\"")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"rank_pattern\": [1]}", "\"rank_pattern\" is [1]")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"rank_pattern\": {\"q_proj\": 0}}", "\"rank_pattern\" of 'q_proj' is 0")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"alpha_pattern\": {\"q_proj\": null}}", "\"alpha_pattern\" of 'q_proj' is null")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"modules_to_save\": [1]}", "\"modules_to_save\" is [1]")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"trainable_token_indices\": 7}", "\"trainable_token_indices\" is 7")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"trainable_token_indices\": [null]}", "holds null")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"base_model_name_or_path\": 5}", "\"base_model_name_or_path\" is 5")]
    [InlineData("{\"peft_type\": 5, \"r\": 2, \"lora_alpha\": 4}", "\"peft_type\" is 5")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"r\": 3, \"lora_alpha\": 4}", "is not usable: Duplicate property 'r'")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"revision\": \"\\udfff\"}", "not Unicode")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, /* rank */ \"bias\": \"none\"}", "'/' is an invalid start")]
    public async Task An_unusable_config_is_refused(string text, string mention)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(bench.InAdapter("adapter_config.json"), text);

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterConfigInvalid, bench.InAdapter("adapter_config.json"), mention);
        bench.Passed();
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task A_config_that_is_no_UTF_8_is_refused_by_its_encoding(string encoding)
    {
        using var bench = new Workbench();
        File.WriteAllText(bench.InAdapter("adapter_config.json"), Sound, Encoding.GetEncoding(encoding));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterConfigInvalid, bench.InAdapter("adapter_config.json"), "UTF-16, but UTF-8 is expected");
        bench.Passed();
    }

    [Theory]
    [InlineData("{\"r\": 2, \"lora_alpha\": 4}", DiagnosticCode.AdapterKindMissing, "peft_type")]
    [InlineData("{\"peft_type\": null, \"r\": 2, \"lora_alpha\": 4}", DiagnosticCode.AdapterKindMissing, "peft_type")]
    [InlineData("{\"peft_type\": \"SUPERLORA\", \"r\": 2, \"lora_alpha\": 4}", DiagnosticCode.AdapterKindUnknown, "\"SUPERLORA\"")]
    [InlineData("{\"peft_type\": \"lora\", \"r\": 2, \"lora_alpha\": 4}", DiagnosticCode.AdapterKindUnknown, "\"lora\"")]
    [InlineData("{\"peft_type\": \"PROMPT_TUNING\"}", DiagnosticCode.AdapterKindNotMergeable, "PROMPT_TUNING")]
    [InlineData("{\"peft_type\": \"XLORA\"}", DiagnosticCode.AdapterKindNotMergeable, "depends on each input")]
    [InlineData(
        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"alora_invocation_tokens\": [1]}",
        DiagnosticCode.AdapterKindNotMergeable,
        "alora_invocation_tokens"
    )]
    [InlineData(
        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"rank_pattern\": {\"q_(proj\": 2}}",
        DiagnosticCode.AdapterPatternInvalid,
        "'q_(proj'"
    )]
    public async Task A_kind_or_pattern_that_is_not_known_is_refused(string text, DiagnosticCode code, string mention)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(bench.InAdapter("adapter_config.json"), text);

        await bench.AssertRefusedAsync(code, bench.InAdapter("adapter_config.json"), mention);
        bench.Passed();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("false")]
    [InlineData("\"\"")]
    public async Task Fields_that_ask_for_nothing_may_say_so_in_any_way(string nothing)
    {
        string[] fields =
        [
            "rank_pattern",
            "alpha_pattern",
            "modules_to_save",
            "trainable_token_indices",
            "target_parameters",
            "layer_replication",
            "enable_lora",
        ];
        using var bench = new Workbench();
        File.WriteAllText(
            bench.InAdapter("adapter_config.json"),
            string.Concat(Sound[..^1], string.Concat(fields.Select(field => $", \"{field}\": {nothing}")), "}")
        );

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        bench.Passed();
    }

    [Fact]
    public async Task A_pattern_that_takes_for_ever_is_refused()
    {
        string slow = string.Concat(Enumerable.Repeat("model.", 1)) + new string('a', 64) + ".q_proj";
        using var bench = new Workbench(
            TinyCheckpoint.Llama().Filled(slow + ".weight", Safetensors.DType.F32, 4, 4),
            TinyAdapter.Lora().Module(slow, 4, 4).Config("rank_pattern", new System.Text.Json.Nodes.JsonObject { ["model\\.(a+)+b"] = 2 }));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterPatternInvalid, "(a+)+b", "more than a second");
        bench.Passed();
    }

    [Theory]
    [InlineData("carriage returns", false)]
    [InlineData("a byte order mark", true)]
    public async Task Carriage_returns_and_a_byte_order_mark_are_fine(string what, bool hasMark)
    {
        using var bench = new Workbench();
        MergeResult plain = await bench.MergeAsync();
        byte[] expected = File.ReadAllBytes(Path.Combine(plain.Folder, "model.safetensors"));
        string dressed = Sound.Replace(", ", ",\r\n  ", StringComparison.Ordinal) + "\r\n";
        File.WriteAllText(bench.InAdapter("adapter_config.json"), dressed, new UTF8Encoding(hasMark));
        File.WriteAllText(
            bench.InBase("config.json"),
            File.ReadAllText(bench.InBase("config.json")).Replace("\n", "\r\n", StringComparison.Ordinal),
            new UTF8Encoding(hasMark)
        );

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(bench.OutputPath, "model.safetensors")));
        Assert.Equal(File.ReadAllBytes(bench.InBase("config.json")), File.ReadAllBytes(Path.Combine(bench.OutputPath, "config.json")));
        Assert.NotEmpty(what);
        bench.Passed();
    }

    [Fact]
    public async Task A_field_that_is_not_known_is_a_warning()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("use_magic", true).Config("use_nothing", false));

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("warning LORA3014", run.Error, StringComparison.Ordinal);
        Assert.Contains("use_magic", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("use_nothing", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }
}
