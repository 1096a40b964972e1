using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

public sealed class LayerReplicationTests
{
    private const string Config = """{ "num_hidden_layers": 2, "layer_types": ["full", "sliding"] }""";

    private static readonly Matrix First = Matrix.Of("model.layers.0.q.weight", 4, 3);
    private static readonly Matrix Second = Matrix.Of("model.layers.1.q.weight", 4, 3);
    private static readonly Matrix A = Matrix.Of("base_model.model.model.layers.2.q.lora_A.weight", 1, 3);
    private static readonly Matrix B = Matrix.Of("base_model.model.model.layers.2.q.lora_B.weight", 4, 1);

    [Fact]
    public async Task Each_copy_of_a_layer_is_a_layer_of_its_own()
    {
        using TinyFolder folder = new TinyFolder(Config, First, Second, Matrix.Of("model.norm.weight", 3)).With(
            "\"layer_replication\": [[0, 2], [1, 2]]",
            A,
            B
        );

        (Dictionary<string, double[]> merged, JsonObject config) = await folder.Merge();

        Assert.Equal(First.AsDoubles(), merged["model.layers.0.q.weight"]);
        Assert.Equal(Second.AsDoubles(), merged["model.layers.1.q.weight"]);
        Matrix.AssertNear(Matrix.Add(Second.AsDoubles(), B, A, 2), merged["model.layers.2.q.weight"]);
        Assert.Equal(4, merged.Count);
        Assert.Equal(3, (int)config["num_hidden_layers"]!);
        Assert.Equal(["full", "sliding", "sliding"], config["layer_types"]!.AsArray().Select(type => (string)type!));
        folder.Passed();
    }

    [Fact]
    public async Task Ranges_beyond_the_layers_of_the_base_are_an_error()
    {
        using TinyFolder folder = new TinyFolder(Config, First, Second).With("\"layer_replication\": [[0, 3]]", A, B);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.LayersCannotReplicate, code);
        folder.Passed();
    }

    [Fact]
    public async Task An_adapter_of_the_plain_model_does_not_fit_the_replicated_one()
    {
        using TinyFolder folder = new TinyFolder(Config, First, Second).With("\"layer_replication\": [[0, 2], [1, 2]]", A, B)
            .With("", Matrix.Of("model.layers.0.q.lora_A.weight", 1, 3), Matrix.Of("model.layers.0.q.lora_B.weight", 4, 1));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.LayersCannotReplicate, code);
        folder.Passed();
    }
}
