using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Beside;

/// <summary>config.json follows a classifier that was trained for other labels.</summary>
public sealed class LabelTests
{
    [Theory]
    [InlineData("classifier")]
    [InlineData("score")]
    [InlineData("classifier.out_proj")]
    public async Task A_classifier_for_another_number_of_labels_replaces_the_bases(string head)
    {
        using var bench = new Workbench(Classifier(head), Adapter(head, 3));

        Merged merged = await Merged.Of(bench);

        JsonObject config = merged.Json("config.json");
        Assert.Equal("""{"0":"LABEL_0","1":"LABEL_1","2":"LABEL_2"}""", config["id2label"]!.ToJsonString());
        Assert.Equal("""{"LABEL_0":0,"LABEL_1":1,"LABEL_2":2}""", config["label2id"]!.ToJsonString());
        Assert.Equal((3, null, "T"), ((int?)config["num_labels"], (string?)config["problem_type"], (string?)config["kept"]));
        Assert.Contains("has 3 labels, where config.json has 2", merged.Said, StringComparison.Ordinal);
        Assert.True(BaseModels.Open(bench.OutputPath).TryFind(head + ".weight", out TensorSource? weight));
        Assert.Equal([3, 4], weight.Shape.ToArray());
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    [Fact]
    public async Task Names_of_labels_come_from_the_trained_models_config()
    {
        const string trained = """{ "id2label": { "0": "no", "1": "maybe", "2": "yes" }, "problem_type": "multi_label_classification" }""";
        using var bench = new Workbench(Classifier("classifier"), Adapter("classifier", 3).File("config.json", trained));

        Merged merged = await Merged.Of(bench);

        Assert.Equal("""{"0":"no","1":"maybe","2":"yes"}""", merged.Json("config.json")["id2label"]!.ToJsonString());
        Assert.Equal("multi_label_classification", (string?)merged.Json("config.json")["problem_type"]);
        Assert.DoesNotContain("LABEL_", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_classifier_that_GGUF_has_no_place_for_is_the_adapters_fault()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File("config.json", """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 8 }"""),
            TinyAdapter.ForLlama().Config("task_type", "SEQ_CLS").Filled("score.weight", DType.F32, 3, 4));
        bench.Output = "never";

        await bench.AssertRefusedAsync(DiagnosticCode.ClassifierNotInGguf, ["--format", "gguf"], [bench.Adapter, "LlamaForSequenceClassification"]);
        bench.Passed();
    }

    [Fact]
    public async Task A_classifier_of_the_same_labels_leaves_the_config_as_it_is()
    {
        using var bench = new Workbench(Classifier("classifier"), Adapter("classifier", 2));

        Merged merged = await Merged.Of(bench);

        Assert.Equal(File.ReadAllText(bench.InBase("config.json")), merged.Text("config.json"));
        bench.Passed();
    }

    [Theory]
    [InlineData("LlamaForCausalLM", "SEQ_CLS", 5, "LlamaForSequenceClassification")]
    [InlineData("LlamaForCausalLM", "SEQ_CLS", 1, "LlamaForSequenceClassification")]
    [InlineData("GPT2LMHeadModel", "TOKEN_CLS", 3, "GPT2ForTokenClassification")]
    [InlineData("BertModel", "SEQ_CLS", 3, "BertForSequenceClassification")]
    public async Task A_classifier_that_the_base_does_not_have_gives_the_class_that_has_it(string known, string task, int labels, string expected)
    {
        TinyCheckpoint checkpoint = TinyCheckpoint
            .Llama()
            .File("config.json", $$"""{ "model_type": "llama", "architectures": ["{{known}}"], "tie_word_embeddings": false }""");
        using var bench = new Workbench(checkpoint, TinyAdapter.ForLlama().Config("task_type", task).Filled("score.weight", DType.F32, labels, 4));

        Merged merged = await Merged.Of(bench);

        Assert.Equal($$"""["{{expected}}"]""", merged.Json("config.json")["architectures"]!.ToJsonString());
        Assert.Equal(labels, merged.Json("config.json")["id2label"]!.AsObject().Count);
        Assert.Contains($"has the class '{expected}'", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_bias_for_other_labels_than_the_weight_is_refused()
    {
        using var bench = new Workbench(Classifier("classifier"), Adapter("classifier", 3).Without("classifier.bias"));
        bench.Output = "never";

        await bench.AssertRefusedAsync(DiagnosticCode.ShapeMismatch, "classifier.bias");
        bench.Passed();
    }

    [Fact]
    public async Task A_layer_of_another_width_is_another_model()
    {
        using var bench = new Workbench(Classifier("classifier"), Adapter("classifier", 3).Filled("classifier.weight", DType.F32, 3, 5));

        await bench.AssertRefusedAsync(DiagnosticCode.ShapeMismatch, "classifier.weight");
        bench.Passed();
    }

    [Fact]
    public async Task Another_number_of_rows_is_another_model_where_nothing_is_classified()
    {
        TinyCheckpoint checkpoint = TinyCheckpoint.Llama().Filled("head.weight", DType.F32, 2, 4);
        using var bench = new Workbench(
            checkpoint,
            TinyAdapter.ForLlama().Config("modules_to_save", new JsonArray("head")).Filled("head.weight", DType.F32, 3, 4)
        );

        await bench.AssertRefusedAsync(DiagnosticCode.ShapeMismatch, "head.weight");
        bench.Passed();
    }

    private static TinyCheckpoint Classifier(string head) => TinyCheckpoint.Llama().Without("lm_head.weight")
        .Filled(head + ".weight", DType.F32, 2, 4).Filled(head + ".bias", DType.F32, 2)
        .File("config.json", """
            { "model_type": "llama", "architectures": ["LlamaForSequenceClassification"], "num_labels": 2, "id2label": { "0": "a", "1": "b" },
              "label2id": { "a": 0, "b": 1 }, "problem_type": "single_label_classification", "kept": "T" }
            """);

    private static TinyAdapter Adapter(string head, int labels) =>
        TinyAdapter
            .ForLlama()
            .Config("task_type", "SEQ_CLS")
            .Config("modules_to_save", new JsonArray("classifier", "score"))
            .Filled(head + ".weight", DType.F32, labels, 4)
            .Filled(head + ".bias", DType.F32, labels);
}
