using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary><c>inspect</c> tells which engines open a model's folder, and why not.</summary>
public sealed class EngineTests
{
    private const string Transformers = "transformers and vLLM";
    private const string Ollama = "Ollama's import";
    private const string Builder = "ONNX Runtime GenAI's builder";
    private const string MlGenAi = "Microsoft.ML.GenAI";
    private const string LlamaCpp = "llama.cpp's converter";

    [Fact]
    public void A_llama_with_all_that_belongs_to_it_is_opened_by_all()
    {
        TinyCheckpoint llama3 = Llama("LlamaForCausalLM", vocabulary: 128_256).File("original/tokenizer.model", "x");

        Assert.Equal([$"{Transformers}: yes", $"{Ollama}: yes", $"{Builder}: yes", $"{MlGenAi}: yes", $"{LlamaCpp}: yes"], Verdicts(llama3));
    }

    [Fact]
    public void The_sample_is_opened() =>
        Assert.All(
            Verdicts(Path.Combine(Repository.Root, "sample-app", "models", "base")).Where(verdict => !verdict.StartsWith(MlGenAi, StringComparison.Ordinal)),
            verdict => Assert.Contains(": yes", verdict, StringComparison.Ordinal));

    [Theory]
    [InlineData(Transformers, "OwnForCausalLM", "yes")]
    [InlineData(Ollama, "OwnForCausalLM", "no, it does not know 'OwnForCausalLM' (as of 20")]
    [InlineData(Builder, "BertModel", "no, it does not know 'BertModel' (as of 20")]
    [InlineData(LlamaCpp, "ViTForImageClassification", "no, it does not know 'ViTForImageClassification' (as of 20")]
    [InlineData(MlGenAi, "Qwen3ForCausalLM", "no, it has no class for 'Qwen3ForCausalLM'")]
    [InlineData(MlGenAi, "LlamaForCausalLM", "no, its Llama has the tokens of Llama 3, and this model has others")]
    [InlineData(MlGenAi, "MistralForCausalLM", "no, it reads tokenizer.model.v3 or tokenizer.model, and neither is there")]
    [InlineData(MlGenAi, "Phi3ForCausalLM", "no, it reads tokenizer.model, which is not there")]
    public void The_class_decides(string engine, string architecture, string expected) =>
        Assert.StartsWith($"{engine}: {expected}", Verdict(engine, Llama(architecture)), StringComparison.Ordinal);

    [Fact]
    public void A_model_without_a_tokenizer_is_opened_by_none()
    {
        TinyCheckpoint bare = Llama("LlamaForCausalLM").WithoutFile("tokenizer.json");

        Assert.Equal($"{Transformers}: no, there is no tokenizer", Verdict(Transformers, bare));
        Assert.Equal($"{Ollama}: no, there is neither tokenizer.json nor tokenizer.model", Verdict(Ollama, bare));
        Assert.Equal($"{LlamaCpp}: no, there is no tokenizer", Verdict(LlamaCpp, bare));
    }

    [Fact]
    public void A_head_that_is_the_embedding_is_none_for_some()
    {
        TinyCheckpoint tied = Llama("LlamaForCausalLM", 128_256).File("original/tokenizer.model", "x").Without("lm_head.weight");

        Assert.Equal($"{MlGenAi}: no, it reads lm_head.weight, and in this model the head is the embedding", Verdict(MlGenAi, tied));
    }

    [Fact]
    public void Tensors_of_other_types_are_not_read_by_all()
    {
        TinyCheckpoint odd = Llama("LlamaForCausalLM").Filled("model.x", DType.F64, 2);

        Assert.Equal($"{Ollama}: no, it reads F32, F16 and BF16, and there are tensors of F64", Verdict(Ollama, odd));
    }

    [Theory]
    [InlineData("modeling_own.OwnForCausalLM", null, "no, config.json names code in 'modeling_own.py', which is not there")]
    [InlineData("modeling_own.OwnForCausalLM", "modeling_own.py", "yes, with trust_remote_code, as the model brings code of its own")]
    [InlineData("org/other--modeling_own.OwnForCausalLM", null, "yes, with trust_remote_code, as the model brings code of its own")]
    public void Code_that_the_config_names_has_to_be_there(string name, string? file, string expected)
    {
        TinyCheckpoint model = Llama("OwnForCausalLM", more: $", \"auto_map\": {{ \"AutoModel\": \"{name}\" }}");

        Assert.Equal($"{Transformers}: {expected}", Verdict(Transformers, file is null ? model : model.File(file, "")));
    }

    [Fact]
    public void A_tokenizer_of_transformers_5_is_a_condition()
    {
        TinyCheckpoint model = Llama("LlamaForCausalLM").File("tokenizer_config.json", "{ \"tokenizer_class\": \"TokenizersBackend\" }");

        Assert.Equal($"{Transformers}: yes, with transformers 5 or later, by the class of its tokenizer", Verdict(Transformers, model));
    }

    [Theory]
    [InlineData(null, "no, there is no config.json")]
    [InlineData("{}", "no, config.json has no model_type")]
    [InlineData("{ \"model_type\": \"llama\" }", "no, config.json names no architectures")]
    public void A_config_that_does_not_say_what_the_model_is_opens_nothing(string? config, string expected)
    {
        TinyCheckpoint model = Llama("LlamaForCausalLM");

        Assert.Equal(
            $"{Transformers}: {expected}",
            Verdict(Transformers, config is null ? model.WithoutFile("config.json") : model.File("config.json", config))
        );
    }

    [Fact]
    public void A_weight_file_of_another_name_is_not_found()
    {
        using var folder = new TestFolder();
        string path = Llama("LlamaForCausalLM").WriteTo(folder["model"]);
        File.Move(Path.Combine(path, "model.safetensors"), Path.Combine(path, "weights.safetensors"));

        string[] verdicts = Verdicts(path);

        Assert.StartsWith($"{Transformers}: no, the weights are called 'weights.safetensors'", verdicts[0], StringComparison.Ordinal);
        Assert.StartsWith($"{Ollama}: no, weights are looked for in model*.safetensors", verdicts[1], StringComparison.Ordinal);
        Assert.Equal(["none: engines open a folder, and this is one file of it"], Verdicts(Path.Combine(path, "weights.safetensors")));
        folder.Passed();
    }

    /// <summary>What a user reads, and what a program reads.</summary>
    [Fact]
    public async Task The_command_line_shows_an_engine_a_line()
    {
        using var bench = new Workbench(Llama("LlamaForCausalLM"), TinyAdapter.ForLlama());

        CommandLineRun text = await CommandLineRun.Of(["inspect", bench.Base]);
        CommandLineRun json = await CommandLineRun.Of(["inspect", bench.Base, "--json"]);

        Assert.Contains($"{Environment.NewLine}            {Ollama}: yes{Environment.NewLine}", text.Output, StringComparison.Ordinal);
        Assert.Equal(5, JsonNode.Parse(json.Output)!["openedby"]!.AsArray().Count);
        bench.Passed();
    }

    private static TinyCheckpoint Llama(string architecture, int vocabulary = 8, string more = "") => TinyCheckpoint.Llama()
        .File("config.json", $"{{ \"model_type\": \"llama\", \"architectures\": [\"{architecture}\"], \"vocab_size\": {vocabulary}{more} }}");

    private static string Verdict(string engine, TinyCheckpoint model) =>
        Verdicts(model).Single(verdict => verdict.StartsWith(engine + ":", StringComparison.Ordinal));

    private static string[] Verdicts(TinyCheckpoint model)
    {
        using var folder = new TestFolder();
        string[] verdicts = Verdicts(model.WriteTo(folder["model"]));
        folder.Passed();
        return verdicts;
    }

    private static string[] Verdicts(string path) => (string[])Merger.Inspect(path).Facts.Single(fact => fact.Name == "opened by").Value;
}
