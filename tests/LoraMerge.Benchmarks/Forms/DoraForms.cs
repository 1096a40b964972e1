using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>DoRA: each output of V = W + s·B·A brought to its magnitude.</summary>
internal static class DoraForms
{
    private const long Side = Form.Side;
    private const int Rank = Form.Rank;
    private const string Name = "model.layers.0.self_attn.q_proj.weight";
    private const string Module = "model.layers.0.self_attn.q_proj";
    private const string Gpt2Module = "transformer.h.0.attn.c_proj";
    private const string Fields = "\"use_dora\": true";

    public static IEnumerable<Form> All =>
        [
            new("dora", [new(Name, Side, Side)], [Linear(Module)], x => InTurn(x, Name, Module, 1)),
            new("dora, two adapters in turn", [new(Name, Side, Side)], [Linear(Module), Linear(Module)], x => InTurn(x, Name, Module, 2)),
            new("dora, adapter weight 0.5", [new(Name, Side, Side)], [Linear(Module) with { Weight = 0.5 }], Weighted),
            new(
                "dora, Conv1D of GPT-2",
                [new("h.0.attn.c_proj.weight", Side, Side)],
                [Linear(Gpt2Module)],
                x =>
                    ByColumn(
                        x,
                        "h.0.attn.c_proj.weight",
                        x[Gpt2Module + ".lora_A.weight"],
                        x[Gpt2Module + ".lora_B.weight"],
                        x[Gpt2Module + ".lora_magnitude_vector.weight"]
                    )
            )
            {
                Config = """{ "model_type": "gpt2" }""",
            },
            new(
                "dora, Conv1D of GPT-2 before PEFT 0.11",
                [new("h.0.attn.c_proj.weight", Side, Side)],
                [Linear(Gpt2Module) with { Release = "0.9.0" }],
                NormOfStored
            )
            {
                Config = """{ "model_type": "gpt2" }""",
            },
            new(
                "dora, embedding",
                [new("model.embed_tokens.weight", 8 * Side, Side / 8), new("lm_head.weight", 8 * Side, Side / 8)],
                [
                    new(
                        Fields,
                        new NamedShape("model.embed_tokens.lora_embedding_A", Rank, 8 * Side),
                        new NamedShape("model.embed_tokens.lora_embedding_B", Side / 8, Rank),
                        new NamedShape("model.embed_tokens.lora_magnitude_vector.weight", Side / 8)
                    ),
                ],
                x =>
                    ByColumn(
                        x,
                        "model.embed_tokens.weight",
                        x["model.embed_tokens.lora_embedding_A"],
                        x["model.embed_tokens.lora_embedding_B"],
                        x["model.embed_tokens.lora_magnitude_vector.weight"]
                    )
            ),
            new(
                "dora, Conv2d",
                [new("conv.weight", 2048, 910, 3, 3)],
                [
                    new(
                        Fields,
                        new NamedShape("conv.lora_A.weight", Rank, 910, 3, 3),
                        new NamedShape("conv.lora_B.weight", 2048, Rank, 1, 1),
                        new NamedShape("conv.lora_magnitude_vector.weight", 1, 2048, 1, 1)
                    ),
                ],
                Convolution
            ),
        ];

    private static FormAdapter Linear(string module) =>
        FormAdapter.Lora(module, Side, Side, Fields, new NamedShape(module + ".lora_magnitude_vector.weight", Side));

    private static void InTurn(Workspace x, string weight, string module, int adapters)
    {
        Tensor w = x.Widen(weight);
        for (int i = 0; i < adapters; i++)
        {
            w.addmm_(x[i, module + ".lora_B.weight"], x[i, module + ".lora_A.weight"], alpha: Form.Scaling);
            Rescale(w, x[i, module + ".lora_magnitude_vector.weight"]);
        }
        x.Round(weight, w);
    }

    /// <summary>Half of the way from W to W′.</summary>
    private static void Weighted(Workspace x)
    {
        Tensor w = x.Widen(Name);
        Tensor v = x.Buffer("V", w.shape).copy_(w);
        v.addmm_(x[Module + ".lora_B.weight"], x[Module + ".lora_A.weight"], alpha: Form.Scaling);
        Rescale(v, x[Module + ".lora_magnitude_vector.weight"]);
        x.Round(Name, w.lerp_(v, 0.5));
    }

    private static void Convolution(Workspace x)
    {
        Tensor w = x.Widen("conv.weight").addmm_(x["conv.lora_B.weight"].flatten(1), x["conv.lora_A.weight"].flatten(1), alpha: Form.Scaling);
        Rescale(w, x["conv.lora_magnitude_vector.weight"].flatten());
        x.Round("conv.weight", w);
    }

    private static void ByColumn(Workspace x, string weight, Tensor a, Tensor b, Tensor magnitude)
    {
        Tensor w = x.Widen(weight).addmm_(a.t(), b.t(), alpha: Form.Scaling);
        Tensor norm = linalg.vector_norm(w, ord: 2, dims: [0]);
        x.Round(weight, w.mul_(magnitude / norm));
    }

    /// <summary>Columns divided by the norms of the rows of W + s·B·A, not turned round.</summary>
    private static void NormOfStored(Workspace x)
    {
        const string weight = "h.0.attn.c_proj.weight";
        (Tensor a, Tensor b) = (x[Gpt2Module + ".lora_A.weight"], x[Gpt2Module + ".lora_B.weight"]);
        Tensor norm = linalg.vector_norm(x.Widen(weight).addmm_(b, a, alpha: Form.Scaling), ord: 2, dims: [1]);
        x.Round(weight, x.Widen(weight).addmm_(a.t(), b.t(), alpha: Form.Scaling).mul_(x[Gpt2Module + ".lora_magnitude_vector.weight"] / norm));
    }

    private static void Rescale(Tensor v, Tensor magnitude) => v.mul_((magnitude / linalg.vector_norm(v, ord: 2, dims: [1])).unsqueeze(1));
}
