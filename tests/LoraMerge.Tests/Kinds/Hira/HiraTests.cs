namespace LoraMerge.Tests.Kinds.Hira;

/// <summary>A share of each number.</summary>
public sealed class HiraTests : KindContract
{
    private protected override string PeftType => "HIRA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), [2, inputs], [outputs, 2]);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs), [2, inputs], [outputs, 2]);

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 2), [2, 6, 2, 2], [4, 2, 1, 1]);

    private static KindExample Of(Layer layer, long[] aShape, long[] bShape)
    {
        Matrix a = layer.Tensor("hira_A", aShape), b = layer.Tensor("hira_B", bShape);
        return layer.Example("\"r\": 2", (o, i) => layer.At(o, i) * Layer.Product(b, a, o, i), a, b);
    }

    [Fact]
    public async Task The_second_of_two_takes_its_share_of_the_base()
    {
        KindExample first = OfLinear(12, 8);
        using TinyFolder folder = new TinyFolder(first.Config, [.. first.Base])
            .With("\"peft_type\": \"HIRA\", \"r\": 2", [.. first.Adapter]).With("\"peft_type\": \"HIRA\", \"r\": 2", [.. first.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        double[] start = first.Weight.AsDoubles();
        Matrix.AssertNear([.. first.Expected()[first.Weight.Name].Zip(start, (once, w) => (2 * once) - w)], merged[first.Weight.Name]);
        folder.Passed();
    }

    /// <summary>The rows of an embedding are its inputs.</summary>
    [Fact]
    public async Task An_embedding_takes_the_product_turned_round()
    {
        Matrix w = Matrix.Of("model.embed_tokens.weight", 7, 4),
            a = Matrix.Of("model.embed_tokens.hira_embedding_A", 2, 7),
            b = Matrix.Of("model.embed_tokens.hira_embedding_B", 4, 2);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "llama", "tie_word_embeddings": false }""", w).With(
            "\"peft_type\": \"HIRA\", \"r\": 2",
            a,
            b
        );

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear([.. w.Values.Select((value, n) => value * (1 + Layer.Product(b, a, n % 4, n / 4)))], merged[w.Name]);
        folder.Passed();
    }
}
