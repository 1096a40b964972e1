using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>Parameters and rows that were trained whole, and biases.</summary>
internal static class WholeForms
{
    private const long Tokens = 8 * Form.Side;
    private const long Width = Form.Side / 8;
    private const int TrainedTokens = 64;
    private const string Name = "model.layers.0.self_attn.q_proj.weight";
    private const string Embedding = "model.embed_tokens.weight";
    private const string Head = "lm_head.weight";
    private const string Bias = "wide.bias";
    private const string Rows = "model.embed_tokens.token_adapter.trainable_tokens_delta";

    public static IEnumerable<Form> All =>
        [
            new(
                "trained tokens",
                [new(Embedding, Tokens, Width), new(Head, Tokens, Width)],
                [new(TokenFields, new NamedShape(Rows, TrainedTokens, Width))],
                TrainedRows
            ),
            new(
                "full tensor (saved in float32)",
                [new(Name, Form.Side, Form.Side)],
                [new("\"modules_to_save\": [\"q_proj\"]", new NamedShape(Name, Form.Side, Form.Side))],
                x => x.Round(Name, x[Name])
            ),
            new(
                "full tensor, adapter weight 0.5",
                [new(Name, Form.Side, Form.Side)],
                [new("\"modules_to_save\": [\"q_proj\"]", new NamedShape(Name, Form.Side, Form.Side)) { Weight = 0.5 }],
                x => x.Round(Name, x.Widen(Name).lerp_(x.ReadAgain(Name), 0.5))
            ),
            new(
                "bias of lora_B",
                [new("wide.weight", Form.Side * Form.Side, 1), new(Bias, Form.Side * Form.Side)],
                [
                    new(
                        "\"r\": 1, \"lora_alpha\": 2, \"lora_bias\": true",
                        new NamedShape("wide.lora_A.weight", 1, 1),
                        new NamedShape("wide.lora_B.weight", Form.Side * Form.Side, 1),
                        new NamedShape("wide.lora_B.bias", Form.Side * Form.Side)
                    ),
                ],
                x => x.Round(Bias, x.Widen(Bias).add_(x.ReadAgain("wide.lora_B.bias").view(-1, 1), alpha: Form.Scaling))
            )
            {
                Measured = Bias,
            },
            new(
                "embedding of a resized vocabulary",
                [new(Embedding, Tokens - 64, Width), new(Head, Tokens - 64, Width)],
                [
                    new(
                        "",
                        new NamedShape("model.embed_tokens.base_layer.weight", Tokens, Width),
                        new NamedShape(Head, Tokens, Width),
                        new NamedShape("model.embed_tokens.lora_embedding_A", Form.Rank, Tokens),
                        new NamedShape("model.embed_tokens.lora_embedding_B", Width, Form.Rank)
                    ),
                ],
                Resized
            )
            {
                Measured = Embedding,
            },
        ];

    private static string TokenFields => $"\"trainable_token_indices\": [{string.Join(", ", Indices)}]";

    private static IEnumerable<long> Indices => Enumerable.Range(0, TrainedTokens).Select(i => (i * 511L) + 3);

    private static void TrainedRows(Workspace x)
    {
        Tensor result = x.Round(Embedding, x.Weight(Embedding)); // a copy
        result.index_copy_(0, tensor([.. Indices]), x[Rows].to(ScalarType.BFloat16));
    }

    private static void Resized(Workspace x)
    {
        Tensor w = x.Buffer("W", [Tokens, Width]).copy_(x["model.embed_tokens.base_layer.weight"]);
        x.Round(Embedding, w.addmm_(x["model.embed_tokens.lora_embedding_A"].t(), x["model.embed_tokens.lora_embedding_B"].t(), alpha: Form.Scaling));
    }
}
