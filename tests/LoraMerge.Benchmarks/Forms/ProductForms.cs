namespace LoraMerge.Benchmarks.Forms;

/// <summary>W + s·B·A in its shapes.</summary>
internal static class ProductForms
{
    private const long Side = Form.Side;
    private const int Rank = Form.Rank;
    private const string Name = "model.layers.0.self_attn.q_proj.weight";
    private const string Module = "model.layers.0.self_attn.q_proj";
    private static readonly NamedShape s_square = new(Name, Side, Side);

    public static IEnumerable<Form> All =>
        [
            new("lora", [s_square], [FormAdapter.Lora(Module, Side, Side)], x => Products.Linear(x, Name, Module)),
            new(
                "lora, rslora",
                [s_square],
                [FormAdapter.Lora(Module, Side, Side, "\"use_rslora\": true, \"lora_alpha\": 8")],
                x => Products.Linear(x, Name, Module)
            ),
            new(
                "lora, fan_in_fan_out (Conv1D of GPT-2)",
                [new("h.0.attn.c_proj.weight", Side, Side)],
                [FormAdapter.Lora("transformer.h.0.attn.c_proj", Side, Side, "\"fan_in_fan_out\": true")],
                x => Products.Transposed(x, "h.0.attn.c_proj.weight", "transformer.h.0.attn.c_proj")
            )
            {
                Config = """{ "model_type": "gpt2" }""",
            },
            new(
                "lora, three adapters in turn",
                [s_square],
                [FormAdapter.Lora(Module, Side, Side), FormAdapter.Lora(Module, Side, Side), FormAdapter.Lora(Module, Side, Side)],
                x => Products.InTurn(x, Name, Module, 3)
            ),
            new(
                "lora, fused projections (enable_lora)",
                [new("attn.c_attn.weight", 3 * 2048, 2731)],
                [
                    new(
                        "\"enable_lora\": [true, false, true]",
                        new NamedShape("attn.c_attn.lora_A.weight", 2 * Rank, 2731),
                        new NamedShape("attn.c_attn.lora_B.weight", 2 * 2048, Rank, 1)
                    )
                    {
                        Release = "0.2.0",
                    },
                ],
                x => Products.FusedProjections(x, "attn.c_attn.weight", "attn.c_attn")
            ),
            new(
                "lora of mlx_lm",
                [s_square],
                [new("", new NamedShape(Module + ".lora_a", Side, Rank), new NamedShape(Module + ".lora_b", Rank, Side)) { IsMlx = true }],
                x => Products.Mlx(x, Name, Module)
            ),
            new(
                "embedding",
                [new("model.embed_tokens.weight", 8 * Side, Side / 8), new("lm_head.weight", 8 * Side, Side / 8)],
                [
                    new(
                        "",
                        new NamedShape("model.embed_tokens.lora_embedding_A", Rank, 8 * Side),
                        new NamedShape("model.embed_tokens.lora_embedding_B", Side / 8, Rank)
                    ),
                ],
                x => Products.Embedding(x, "model.embed_tokens.weight", "model.embed_tokens")
            ),
            Convolution("Conv1d", 5461, 1024, 3),
            Convolution("Conv2d", 2048, 910, 3, 3),
            Convolution("Conv3d", 1024, 606, 3, 3, 3),
            new(
                "MultiheadAttention",
                [new("attn.in_proj_weight", 3 * 2048, 2048), new("attn.out_proj.weight", 2048, 2048)],
                [
                    FormAdapter.Lora(
                        "attn",
                        3 * 2048,
                        2048,
                        "",
                        new NamedShape("attn.base_layer.out_proj.lora_A.weight", Rank, 2048),
                        new NamedShape("attn.base_layer.out_proj.lora_B.weight", 2048, Rank)
                    ),
                ],
                Products.Attention
            ),
            new(
                "BdLoRA",
                [s_square],
                [
                    new(
                        "\"use_bdlora\": { \"nblocks\": 4, \"target_modules_bd_a\": [\"q_proj\"], \"target_modules_bd_b\": [] }",
                        new NamedShape(Module + ".lora_A.weight", Rank, Side / 4),
                        new NamedShape(Module + ".lora_B.weight", Side, Rank)
                    ),
                ],
                x => Products.BlockDiagonal(x, Name, Module, 4)
            ),
            new(
                "VeLoRA",
                [s_square],
                [
                    FormAdapter.Lora(
                        Module,
                        Side,
                        Side,
                        "\"velora_config\": { \"num_groups\": 4, \"scale\": 1.0 }",
                        new NamedShape(Module + ".lora_velora_embed", Side / 4)
                    ),
                ],
                x => Products.Linear(x, Name, Module)
            ),
            new(
                "MonteCLoRA",
                [s_square],
                [
                    FormAdapter.Lora(
                        Module,
                        Side,
                        Side,
                        "\"monteclora_config\": { \"num_samples\": 8 }",
                        new NamedShape(Module + ".lora_monteclora_sampler.expert_weights", 8)
                    ),
                ],
                x => Products.Linear(x, Name, Module)
            ),
        ];

    private static Form Convolution(string kind, long outputs, long inputs, params long[] kernel) =>
        new(
            kind,
            [new("conv.weight", [outputs, inputs, .. kernel])],
            [
                new(
                    "",
                    new NamedShape("conv.lora_A.weight", [Rank, inputs, .. kernel]),
                    new NamedShape("conv.lora_B.weight", [outputs, Rank, .. kernel.Select(_ => 1L)])
                ),
            ],
            x => Products.Convolution(x, "conv.weight", "conv")
        );
}
