using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>Adapters that were trained on a base from which their own start had been taken away.</summary>
internal static class ReducedBaseForms
{
    private const long Side = Form.Side;
    private const int Rank = Form.Rank;
    private const string Name = "model.layers.0.self_attn.q_proj.weight";
    private const string Module = "model.layers.0.self_attn.q_proj";
    private static readonly NamedShape s_square = new(Name, Side, Side);

    public static IEnumerable<Form> All =>
        [
            new("PiSSA", [s_square], [FormAdapter.Lora(Module, Side, Side, "\"init_lora_weights\": \"pissa\"")], Pissa),
            new(
                "PiSSA or OLoRA, converted (rank 32)",
                [s_square],
                [
                    new(
                        "\"r\": 32, \"lora_alpha\": 64",
                        new NamedShape(Module + ".lora_A.weight", 2 * Rank, Side),
                        new NamedShape(Module + ".lora_B.weight", Side, 2 * Rank)
                    ),
                ],
                x => Products.Linear(x, Name, Module)
            ),
            new(
                "KaSA",
                [s_square],
                [FormAdapter.Lora(Module, Side, Side, "\"kasa_config\": { \"beta\": 0.0001, \"gamma\": 0.001 }", new NamedShape(Module + ".lora_diag", Rank))],
                Kasa
            ),
            new("OLoRA", [s_square], [FormAdapter.Lora(Module, Side, Side, "\"init_lora_weights\": \"olora\"")], Olora),
        ];

    private static void Pissa(Workspace x)
    {
        Tensor w = x.Widen(Name);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(w, fullMatrices: false);
        w.addmm_(u.narrow(1, 0, Rank) * s.narrow(0, 0, Rank), vh.narrow(0, 0, Rank), alpha: -1);
        x.Round(Name, w.addmm_(x[Module + ".lora_B.weight"], x[Module + ".lora_A.weight"], alpha: Form.Scaling));
    }

    private static void Kasa(Workspace x)
    {
        Tensor w = x.Widen(Name);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(w, fullMatrices: false);
        w.addmm_(u.narrow(1, Side - Rank, Rank) * s.narrow(0, Side - Rank, Rank), vh.narrow(0, Side - Rank, Rank), alpha: -1);
        x.Round(Name, w.addmm_(x[Module + ".lora_B.weight"] * x[Module + ".lora_diag"], x[Module + ".lora_A.weight"], alpha: Form.Scaling));
    }

    /// <summary>The first columns of Q need the first columns of W alone.</summary>
    private static void Olora(Workspace x)
    {
        Tensor w = x.Widen(Name);
        (Tensor q, _) = linalg.qr(w.narrow(1, 0, Rank));
        Tensor r = q.t().matmul(w);
        w.addmm_(q, r, alpha: -Form.Scaling);
        x.Round(Name, w.addmm_(x[Module + ".lora_B.weight"], x[Module + ".lora_A.weight"], alpha: Form.Scaling));
    }
}
