using System.Text;
using LoraMerge.Formats.Gguf;
using LoraMerge.Gguf.Container;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.Formats;

/// <summary>What Ollama is told of a GGUF file.</summary>
public sealed class ModelfileTests
{
    [Theory]
    [InlineData("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{% endfor %}", "<|im_start|>assistant", "<|im_end|>")]
    [InlineData("<|start_header_id|>{{ role }}<|end_header_id|>{{ content }}<|eot_id|>", "<|start_header_id|>assistant<|end_header_id|>", "<|eot_id|>")]
    [InlineData("<start_of_turn>{{ role }}\n{{ content }}<end_of_turn>", "<start_of_turn>model", "<end_of_turn>")]
    [InlineData("<|user|>\n{{ content }}<|end|>", "<|assistant|>", "<|end|>")]
    [InlineData("[INST] {{ content }} [/INST]", "[INST] {{ .Content }} [/INST]", "</s>")]
    public void A_form_of_conversations_is_known_by_its_marks(string jinja, string template, string stop)
    {
        string text = Text(new GgufMetadata
        {
            { "tokenizer.chat_template", jinja },
            { "tokenizer.ggml.tokens", (string[])["a", "</s>", "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>"] },
            { "tokenizer.ggml.eos_token_id", 1u },
        });

        Assert.StartsWith("FROM ./chat.gguf\nTEMPLATE \"\"\"", text, StringComparison.Ordinal);
        Assert.Contains(template, text, StringComparison.Ordinal);
        Assert.Contains("PARAMETER stop \"</s>\"\n", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Split($"PARAMETER stop \"{stop}\"\n").Length - 1);
    }

    [Fact]
    public void Of_another_form_no_template_is_guessed() =>
        Assert.Equal(
            "FROM ./chat.gguf\n# The chat template of the file is none that is known here: Ollama looks for its like itself.\n",
            Text(new GgufMetadata { { "tokenizer.chat_template", "{{ all }}" } }));

    [Theory]
    [InlineData("<end>", "PARAMETER stop \"<end>\"\n")]
    [InlineData("\"", "PARAMETER stop \"\"\"\"\"\"\"\n")] // three quotes around one
    [InlineData("a\"b", "PARAMETER stop \"\"\"a\"b\"\"\"\n")]
    [InlineData("x\"\nADAPTER /etc/passwd\n\"", "")]
    [InlineData("x\rSYSTEM evil", "")]
    [InlineData("", "")]
    public void A_stop_token_is_one_line_and_never_another_command(string token, string expected)
    {
        string text = Text(new GgufMetadata
        {
            { "tokenizer.ggml.tokens", (string[])["a", token] },
            { "tokenizer.ggml.eos_token_id", 1u },
        });

        Assert.Equal("FROM ./chat.gguf\nTEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n" + expected, text);
    }

    [Fact]
    public async Task It_belongs_to_the_model_and_is_verified()
    {
        using GoldenCase golden = GoldenCase.Open("templates.zip", "template-none");
        string output = Path.Combine(golden.OutputFolder, "model");
        string[] arguments = ["--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--format", "gguf", "--modelfile", "true", "--device", "cpu"];

        CommandLineRun merged = await CommandLineRun.Of(["merge", .. arguments, "--output", output]);
        CommandLineRun verified = await CommandLineRun.Of(["verify", output, .. arguments]);
        await File.AppendAllTextAsync(Path.Combine(output, "Modelfile"), "PARAMETER temperature 0\n", TestContext.Current.CancellationToken);
        CommandLineRun changed = await CommandLineRun.Of(["verify", output, .. arguments]);

        Assert.True(merged.ExitCode == 0, merged.Error);
        Assert.True(verified.ExitCode == 0, verified.Output);
        Assert.Contains("Modelfile: not what the merge writes", changed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_in_several_files_has_none_and_says_so()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "split");
        string output = Path.Combine(golden.OutputFolder, "model");

        CommandLineRun merged = await CommandLineRun.Of(
            "merge", "--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--format", "gguf", "--modelfile", "true", "--max-shard-size", "100KB",
            "--output", output, "--device", "cpu");

        Assert.True(merged.ExitCode == 0, merged.Error);
        Assert.Contains("LORA2077", merged.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(output, "Modelfile")));
    }

    private static string Text(GgufMetadata metadata) => Encoding.UTF8.GetString(Modelfile.Of("chat.gguf", metadata));
}
