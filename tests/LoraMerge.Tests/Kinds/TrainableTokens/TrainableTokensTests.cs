namespace LoraMerge.Tests.Kinds.TrainableTokens;

/// <summary>Two rows of an embedding.</summary>
public sealed class TrainableTokensTests : KindContract
{
    private protected override string PeftType => "TRAINABLE_TOKENS";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs, "model.embed_tokens");
        Matrix rows = layer.Tensor("trainable_tokens_delta", 2, inputs);
        return layer.Example("\"token_indices\": [5, 1]", (o, i) => o is 5 or 1 ? rows[o == 5 ? 0 : 1, i] - layer.At(o, i) : 0, rows);
    }

    private protected override bool TellsSide(int dimension) => dimension == 1;

    /// <summary>PEFT writes the rows of an embedding that is the head, too, below both names.</summary>
    [Fact]
    public async Task The_copy_of_a_tied_head_is_applied_once()
    {
        Layer layer = Layer.Linear(6, 4, "model.embed_tokens");
        Matrix rows = layer.Tensor("trainable_tokens_delta", 1, 4);
        using TinyFolder folder = new TinyFolder(
            """{ "model_type": "llama", "tie_word_embeddings": true, "architectures": ["LlamaForCausalLM"] }""",
            layer.Weight
        ).With("\"peft_type\": \"TRAINABLE_TOKENS\", \"token_indices\": [2]", rows, rows.Named("base_model.model.lm_head.trainable_tokens_delta"));

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Assert.Equal(rows.AsDoubles(), Assert.Single(merged).Value[8..12]);
        folder.Passed();
    }
}
