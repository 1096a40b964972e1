namespace LoraMerge.Benchmarks.Forms;

/// <summary>LoRA on the weights of experts: fused in one parameter, both ways about, or each in a tensor of its own.</summary>
internal static class ExpertForms
{
    private const int Experts = 8;
    private const int Rank = Form.Rank;
    private const long Hidden = 1024;
    private const long Inner = 2048;
    private const long ApartInner = 682;
    private const string Parameter = "mlp.experts.down_proj";
    private const string Mixtral = """{ "model_type": "mixtral", "tie_word_embeddings": false, "hidden_size": 1024 }""";

    private static readonly NamedShape s_a = new("mlp.experts.lora_A.weight", Rank * Experts, Inner);
    private static readonly NamedShape s_b = new("mlp.experts.lora_B.weight", Hidden, Rank * Experts);

    public static IEnumerable<Form> All =>
        [
            new(
                "experts, fused",
                [new(Parameter, Experts, Hidden, Inner)],
                [new("\"target_parameters\": [\"mlp.experts.down_proj\"]", s_a, s_b)],
                x => Products.Experts(x, Parameter, s_a.Name, s_b.Name, isTransposed: false)
            )
            {
                Config = Mixtral,
            },
            new(
                "experts, fused, transposed",
                [new(Parameter, Experts, Inner, Hidden)],
                [new("\"target_parameters\": [\"mlp.experts.down_proj\"]", s_a, s_b)],
                x => Products.Experts(x, Parameter, s_a.Name, s_b.Name, isTransposed: true)
            )
            {
                Config = Mixtral,
            },
            new(
                "experts, one tensor each",
                [.. Enumerable.Range(0, Experts).SelectMany(Apart)],
                [
                    new(
                        "\"target_parameters\": [\"experts.gate_up_proj\", \"experts.down_proj\"]",
                        s_a with
                        {
                            Name = "model.mlp.experts.lora_A.weight",
                            Shape = [Rank * Experts, ApartInner],
                        },
                        s_b with
                        {
                            Name = "model.mlp.experts.lora_B.weight",
                        },
                        new NamedShape("model.mlp.experts.base_layer.lora_A.weight", Rank * Experts, Hidden),
                        new NamedShape("model.mlp.experts.base_layer.lora_B.weight", 2 * ApartInner, Rank * Experts)
                    ),
                ],
                x => Products.ExpertsApart(x, "model.block_sparse_moe.experts", "model.mlp.experts", Experts)
            )
            {
                Config = Mixtral,
            },
            new(
                "experts, adapted one by one in a fused weight",
                [new(Parameter, Experts, Hidden, Inner)],
                [
                    new(
                        "",
                        [
                            .. Enumerable
                                .Range(0, Experts)
                                .SelectMany(e =>
                                    (NamedShape[])
                                        [
                                            new($"mlp.experts.{e}.down_proj.lora_A.weight", Rank, Inner),
                                            new($"mlp.experts.{e}.down_proj.lora_B.weight", Hidden, Rank),
                                        ]
                                ),
                        ]
                    ),
                ],
                x => Products.Parts(x, Parameter, "mlp.experts", Experts)
            )
            {
                Config = Mixtral,
            },
        ];

    /// <summary>Gate, up and down of one expert.</summary>
    private static IEnumerable<NamedShape> Apart(int expert) =>
    [
        new($"model.block_sparse_moe.experts.{expert}.w1.weight", ApartInner, Hidden),
        new($"model.block_sparse_moe.experts.{expert}.w2.weight", Hidden, ApartInner),
        new($"model.block_sparse_moe.experts.{expert}.w3.weight", ApartInner, Hidden),
    ];
}
