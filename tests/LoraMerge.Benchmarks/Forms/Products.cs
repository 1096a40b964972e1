using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>The formulas of <see cref="ProductForms"/> and <see cref="ExpertForms"/>, as one would write them for one weight.</summary>
internal static class Products
{
    private const float Scaling = Form.Scaling;

    public static void Linear(Workspace x, string weight, string module) =>
        x.Round(weight, x.Widen(weight).addmm_(x[module + ".lora_B.weight"], x[module + ".lora_A.weight"], alpha: Scaling));

    public static void Transposed(Workspace x, string weight, string module) =>
        x.Round(weight, x.Widen(weight).addmm_(x[module + ".lora_A.weight"].t(), x[module + ".lora_B.weight"].t(), alpha: Scaling));

    public static void InTurn(Workspace x, string weight, string module, int adapters)
    {
        Tensor w = x.Widen(weight);
        for (int i = 0; i < adapters; i++)
            w.addmm_(x[i, module + ".lora_B.weight"], x[i, module + ".lora_A.weight"], alpha: Scaling);
        x.Round(weight, w);
    }

    /// <summary>The first and the last third of the rows, each with its own rows of A.</summary>
    public static void FusedProjections(Workspace x, string weight, string module)
    {
        Tensor w = x.Widen(weight);
        Tensor[] a = x[module + ".lora_A.weight"].chunk(2, 0);
        Tensor[] b = x[module + ".lora_B.weight"].flatten(1).chunk(2, 0);
        Tensor[] rows = w.chunk(3, 0);
        rows[0].addmm_(b[0], a[0], alpha: Scaling);
        rows[2].addmm_(b[1], a[1], alpha: Scaling);
        x.Round(weight, w);
    }

    /// <summary>mlx stores both factors the other way about.</summary>
    public static void Mlx(Workspace x, string weight, string module) =>
        x.Round(weight, x.Widen(weight).addmm_(x[module + ".lora_b"].t(), x[module + ".lora_a"].t(), alpha: Scaling));

    public static void Embedding(Workspace x, string weight, string module) =>
        x.Round(weight, x.Widen(weight).addmm_(x[module + ".lora_embedding_A"].t(), x[module + ".lora_embedding_B"].t(), alpha: Scaling));

    public static void Convolution(Workspace x, string weight, string module) =>
        x.Round(weight, x.Widen(weight).addmm_(x[module + ".lora_B.weight"].flatten(1), x[module + ".lora_A.weight"].flatten(1), alpha: Scaling));

    /// <summary>The output's delta is added twice, as it was trained.</summary>
    public static void Attention(Workspace x)
    {
        Linear(x, "attn.in_proj_weight", "attn");
        x.Round(
            "attn.out_proj.weight",
            x.Widen("attn.out_proj.weight").addmm_(x["attn.base_layer.out_proj.lora_B.weight"], x["attn.base_layer.out_proj.lora_A.weight"], alpha: 2 * Scaling)
        );
    }

    /// <summary>A on the diagonal: each block of columns has its own ranks.</summary>
    public static void BlockDiagonal(Workspace x, string weight, string module, int blocks) =>
        x.Round(weight, x.Widen(weight).addmm_(x[module + ".lora_B.weight"], block_diag([.. x[module + ".lora_A.weight"].chunk(blocks, 0)]), alpha: Scaling));

    /// <summary>A expert by expert, B rank by rank.</summary>
    public static void Experts(Workspace x, string parameter, string a, string b, bool isTransposed)
    {
        Tensor weight = x.Weight(parameter);
        Tensor w = x.Widen(parameter).view(weight.shape);
        (Tensor left, Tensor right) = Sorted(x, a, b, weight.shape[0]);
        for (int e = 0; e < weight.shape[0]; e++)
        {
            if (isTransposed)
                w[e].addmm_(right[e].t(), left[e].t(), alpha: Scaling);
            else
                w[e].addmm_(left[e], right[e], alpha: Scaling);
        }
        x.Round(parameter, w);
    }

    /// <summary>Tensors of single experts: gate and up are the halves of the rows of one B, down has a pair of its own.</summary>
    public static void ExpertsApart(Workspace x, string module, string adapted, int experts)
    {
        (Tensor downB, Tensor downA) = Sorted(x, adapted + ".lora_A.weight", adapted + ".lora_B.weight", experts);
        (Tensor gateUpB, Tensor gateUpA) = Sorted(x, adapted + ".base_layer.lora_A.weight", adapted + ".base_layer.lora_B.weight", experts);
        long inner = gateUpB.shape[1] / 2;
        for (int e = 0; e < experts; e++)
        {
            Add($"{module}.{e}.w1.weight", gateUpB[e].narrow(0, 0, inner), gateUpA[e]);
            Add($"{module}.{e}.w3.weight", gateUpB[e].narrow(0, inner, inner), gateUpA[e]);
            Add($"{module}.{e}.w2.weight", downB[e], downA[e]);
        }

        void Add(string weight, Tensor b, Tensor a) => x.Round(weight, x.Widen(weight).addmm_(b, a, alpha: Scaling));
    }

    /// <summary>Projections of single experts that the base stores in one tensor.</summary>
    public static void Parts(Workspace x, string parameter, string module, int experts)
    {
        Tensor w = x.Widen(parameter).view(x.Weight(parameter).shape);
        for (int e = 0; e < experts; e++)
            w[e].addmm_(x[$"{module}.{e}.down_proj.lora_B.weight"], x[$"{module}.{e}.down_proj.lora_A.weight"], alpha: Scaling);
        x.Round(parameter, w);
    }

    /// <summary>B <c>[experts, out, r]</c> and A <c>[experts, r, in]</c>.</summary>
    private static (Tensor B, Tensor A) Sorted(Workspace x, string a, string b, long experts) =>
        (x[b].view(x[b].shape[0], Form.Rank, experts).permute(2, 0, 1).contiguous(), x[a].view(experts, Form.Rank, -1));
}
