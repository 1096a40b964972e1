using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>The formulas of <see cref="KindForms"/>, as one would write them for one weight, in the precision that each part has in the engine.</summary>
internal static class KindFormulas
{
    private const long Side = Form.Side;
    private const int Rank = Form.Rank;
    private const int Group = KindForms.Group;
    private const string Name = KindForms.Name;

    public static void AdaLora(Workspace x) => Add(x, x.Own("lora_B"), x.Own("lora_A") * x.Own("lora_E"), Form.Scaling);

    public static void LoHa(Workspace x)
    {
        Tensor w = x.Widen(Name), first = Product(x, "first", "hada_w1_a", "hada_w1_b"), second = Product(x, "second", "hada_w2_a", "hada_w2_b");
        x.Round(Name, w.addcmul_(first, second, Form.Scaling));
    }

    public static void LoKr(Workspace x)
    {
        Tensor w = x.Widen(Name);
        w.view(64, 64, 64, 64).addcmul_(x.Own("lokr_w1").view(64, 1, 64, 1), x.Own("lokr_w2").view(1, 64, 1, 64), Form.Scaling);
        x.Round(Name, w);
    }

    public static void Ia3(Workspace x) => x.Round(Name, x.Widen(Name).mul_(x.Own("ia3_l")));

    /// <summary>The series of five terms and the rotation itself in float64.</summary>
    public static void Oft(Workspace x)
    {
        Tensor numbers = x.Own("oft_R.weight").to(ScalarType.Float64);
        Tensor q = Skew(numbers, Group), sum = eye(Group, dtype: ScalarType.Float64) + (2 * q), power = q;
        foreach (int factor in (int[])[2, 2, 1])
        {
            power = power.matmul(q);
            sum = sum + (factor * power);
        }
        Turn(x, sum.transpose(1, 2), null);
    }

    public static void Boft(Workspace x)
    {
        Tensor blocks = x.Own("boft_R").to(ScalarType.Float64).squeeze(0);
        Turn(x, Cayley((blocks - blocks.transpose(1, 2)) / 2).transpose(1, 2), x.Own("boft_s").to(ScalarType.Float64));
    }

    public static void Vera(Workspace x) =>
        Add(x, x["base_model.vera_B"] * x.Own("vera_lambda_b").unsqueeze(1), x["base_model.vera_A"] * x.Own("vera_lambda_d").unsqueeze(1), 1);

    /// <summary>The means are the first half.</summary>
    public static void Pvera(Workspace x) =>
        Add(
            x,
            x["base_model.pvera_B"] * x.Own("pvera_lambda_b").unsqueeze(1),
            (x["base_model.pvera_A"] * x.Own("pvera_lambda_d").unsqueeze(1)).narrow(0, 0, Rank),
            1
        );

    /// <summary>One reflection after another.</summary>
    public static void Hra(Workspace x)
    {
        Tensor w = x.Widen(Name), u = x.Own("hra_u");
        for (int i = 0; i < Rank; i++)
        {
            Tensor normal = u.select(1, i) / u.select(1, i).norm();
            w.addr_(w.mv(normal), normal, beta: 1, alpha: -2);
        }
        x.Round(Name, w);
    }

    public static void FourierFt(Workspace x)
    {
        Tensor w = x.Widen(Name), spectrum = x.Buffer("spectrum", [Side * Side], ScalarType.Float64).zero_();
        spectrum.index_put_(x.Own("fourierft_spectrum").to(ScalarType.Float64), TensorIndex.Tensor(Drawn(KindForms.Places)));
        x.Round(Name, w.add_(fft.ifft2(spectrum.view(Side, Side)).real, alpha: 150));
    }

    public static void VbLora(Workspace x)
    {
        Tensor a = Mixed(x, "vblora_logits_A").reshape(Rank, Side), b = Mixed(x, "vblora_logits_B").transpose(1, 2).reshape(Side, Rank);
        Add(x, b, a, 1);
    }

    public static void Miss(Workspace x)
    {
        Tensor w = x.Widen(Name);
        w.view(Side, Side / Rank, Rank).add_(x.Own("miss_block").t().unsqueeze(1));
        x.Round(Name, w);
    }

    public static void MissBat(Workspace x)
    {
        Tensor w = x.Widen(Name), block = x.Own("miss_block"); // [out / r, r, r]
        Tensor mixed = x.Buffer("mixed", [Side / Group, Side, Group]), rows = w.view(Side / Group, Side, Group);
        for (int i = 0; i < Side / Group; i++)
            mixed[i].addmm_(rows[i], block[i], beta: 0, alpha: 1);
        w.add_(mixed.view(Side, Side));
        w.view(Side / Group, Group, Side / Group, Group).add_(block.unsqueeze(2));
        x.Round(Name, w);
    }

    public static void Shira(Workspace x)
    {
        Tensor w = x.Widen(Name), places = x.Own("shira_indices").to(ScalarType.Int64);
        w.view(-1).index_add_(0, (places[0] * Side) + places[1], x.Own("shira_weight"), 1);
        x.Round(Name, w);
    }

    public static void Road(Workspace x)
    {
        Tensor w = x.Widen(Name), turned = x.Buffer("turned", [Side, Side]);
        Tensor theta = x.Own("road_theta").to(ScalarType.Float64), alpha = x.Own("road_alpha").to(ScalarType.Float64);
        Tensor cos = Factors(alpha * theta.cos()), sin = Factors(alpha * theta.sin());
        Tensor rows = w.view(-1, 2, Group / 2, Side), result = turned.view(-1, 2, Group / 2, Side);
        result.copy_(rows).mul_(cos.unsqueeze(1));
        result.select(1, 0).addcmul_(rows.select(1, 1), sin, -1);
        result.select(1, 1).addcmul_(rows.select(1, 0), sin, 1);
        x.Round(Name, turned);

        static Tensor Factors(Tensor values) => values.to(ScalarType.Float32).view(-1, Group / 2, 1);
    }

    public static void RandLora(Workspace x)
    {
        Tensor a = x.Buffer("A", [Rank, KindForms.Products, Side]);
        a.copy_(x["base_model.randlora_A"].expand(Rank, KindForms.Products, Side));
        a.mul_(x.Own("randlora_lambda").unsqueeze(2)).mul_(x.Own("randlora_gamma"));
        Add(x, x["base_model.randlora_B"].view(Side, Side), a.view(Side, Side), RandScaling);
    }

    public static void C3a(Workspace x)
    {
        Tensor w = x.Widen(Name), kernel = x.Own("c3a_kernel");
        Tensor rows = w.view(Side / Group, Group, Side / Group, Group);
        for (int u = 0; u < Group; u++)
            rows.select(1, u).add_(kernel.roll(u, 2), alpha: 1.0 / Side);
        x.Round(Name, w);
    }

    public static void DeLora(Workspace x)
    {
        Tensor a = x.Own("delora_A"), b = x.Own("delora_B");
        Tensor norms = a.norm(1).clamp_min(1e-4) * b.norm(0).clamp_min(1e-4);
        Add(x, b * (x.Own("delora_lambda") / Rank / norms), a * x.Own("delora_w_norm"), 1);
    }

    public static void GraLora(Workspace x)
    {
        const int k = 4;
        Tensor w = x.Widen(Name).view(k, Side / k, k, Side / k);
        Tensor a = x.Own("gralora_A").view(k, Side / k, k, Rank / k), b = x.Own("gralora_B").view(k, k, Rank / k, Side / k);
        for (int j = 0; j < k; j++)
        {
            for (int n = 0; n < k; n++)
                w[j].select(1, n).addmm_(b[j][n].t(), a[n].select(1, j).t(), beta: 1, alpha: Form.Scaling);
        }
        x.Round(Name, w.view(Side, Side));
    }

    public static void Hira(Workspace x)
    {
        Tensor w = x.Widen(Name);
        x.Round(Name, w.addcmul_(w, Product(x, "product", "hira_B", "hira_A"), 1));
    }

    /// <summary>Haar's filters, of which a number spreads over a square of two by two.</summary>
    public static void WaveFt(Workspace x)
    {
        Tensor w = x.Widen(Name), spectrum = x.Buffer("spectrum", [Side * Side], ScalarType.Float64).zero_();
        spectrum.index_put_(x.Own("waveft_spectrum").to(ScalarType.Float64), TensorIndex.Tensor(Drawn(KindForms.Places)));
        Tensor quarters = spectrum.view(2, Side / 2, 2, Side / 2);
        (Tensor low, Tensor right) = (quarters[0].select(1, 0), quarters[0].select(1, 1));
        (Tensor below, Tensor both) = (quarters[1].select(1, 0), quarters[1].select(1, 1));
        Tensor delta = x.Buffer("delta", [Side / 2, 2, Side / 2, 2], ScalarType.Float64);
        for (int n = 0; n < 4; n++)
        {
            (int row, int column) = (n / 2 == 0 ? 1 : -1, n % 2 == 0 ? 1 : -1);
            delta.select(1, n / 2).select(2, n % 2).copy_(low).add_(right, alpha: row).add_(below, alpha: column).add_(both, alpha: row * column);
        }
        x.Round(Name, w.add_(delta.view(Side, Side), alpha: 12.5));
    }

    public static void Osf(Workspace x)
    {
        Tensor w = x.Widen(Name);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(w, fullMatrices: false);
        w.addmm_(u.narrow(1, Side - Rank, Rank) * s.narrow(0, Side - Rank, Rank), vh.narrow(0, Side - Rank, Rank), alpha: -1);
        x.Round(Name, w.addmm_(x.Own("osf_svd_params.U_low") * x.Own("osf_svd_params.S_low"), x.Own("osf_svd_params.V_low")));
    }

    public static void UniLora(Workspace x)
    {
        Tensor theta = x["base_model.unilora_theta_d"];
        Add(x, Taken("B"), Taken("A"), 1);

        Tensor Taken(string side) => theta.take(x.Own("unilora_indices_" + side).to(ScalarType.Int64)) * x.Own("unilora_scales_" + side);
    }

    public static void TinyLora(Workspace x)
    {
        Tensor core = (x["base_model.tinylora_v.0"].view(-1, 1, 1) * x.Own("tinylora_P")).sum([0L]);
        Add(x, x.Own("tinylora_B"), core.matmul(x.Own("tinylora_A")), 1);
    }

    public static void Frod(Workspace x)
    {
        Tensor v = x["base_model.frod_V.self_attn_q_proj"].to(ScalarType.Float64), w = x.Widen(Name).to(ScalarType.Float64);
        Tensor u = linalg.solve(v, w.t()).t();
        u = u / u.norm(0);
        Tensor places = x["base_model.frod_s_indices.self_attn_q_proj"].to(ScalarType.Int64);
        Tensor core = x.Own("frod_lambda_l").to(ScalarType.Float64).diag();
        core.view(-1).index_add_(0, (places[0] * Side) + places[1], x.Own("frod_lambda_s_values").to(ScalarType.Float64), 1);
        x.Round(Name, u.matmul(core).matmul(v.t()));
    }

    public static void Glora(Workspace x)
    {
        Tensor w = x.Widen(Name);
        w.addcmul_(w, Product(x, "product", "glora_A.Xd", "glora_A.Xu"), 1);
        x.Round(Name, w.addmm_(x.Own("glora_B.Xd"), x.Own("glora_B.Xu")));
    }

    public static void Deft(Workspace x)
    {
        Tensor w = x.Widen(Name), q = linalg.qr(x.Own("deft_P").to(ScalarType.Float64)).Q;
        Tensor wide = x.Buffer("W in float64", [Side, Side], ScalarType.Float64).copy_(w);
        Tensor inner = x.Own("deft_R") - q.t().matmul(wide);
        x.Round(Name, w.addmm_(q.to(ScalarType.Float32), inner.to(ScalarType.Float32)));
    }

    public static void Peanut(Workspace x)
    {
        Tensor w = x.Widen(Name), wide = x.Buffer("W in float64", [Side, Side], ScalarType.Float64).copy_(w);
        Tensor start = x.Own("peanut_A.weight").to(ScalarType.Float64).matmul(wide).relu();
        Tensor encoded = x.Own("peanut_encoders.0.weight").to(ScalarType.Float64).matmul(start).relu();
        Tensor decoded = x.Own("peanut_decoders.0.weight").to(ScalarType.Float64).matmul(encoded).relu() + start;
        x.Round(Name, w.addmm_(x.Own("peanut_B.weight"), decoded.to(ScalarType.Float32)));
    }

    public static void SuperTuning(Workspace x)
    {
        Tensor w = x.Widen(Name), sizes = x.Buffer("sizes", [Side, Side]);
        Tensor values = x.Own("supertuning_values");
        (_, Tensor places) = sizes.copy_(w).abs_().flatten().topk((int)values.shape[0]);
        w.view(-1).index_add_(0, places, values, 1);
        x.Round(Name, w.addmm_(x.Own("supertuning_lora_B.weight"), x.Own("supertuning_lora_A.weight"), beta: 1, alpha: Form.Scaling));
    }

    public static void Psoft(Workspace x)
    {
        Tensor w = x.Widen(Name);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(w, fullMatrices: false);
        Tensor turn = Cayley(-Skew(x.Own("psoft_R.weight").to(ScalarType.Float64).unsqueeze(0), Rank))[0];
        turn = (x.Own("psoft_R.vector_b").unsqueeze(1) * turn * x.Own("psoft_R.vector_a")) - eye(Rank, dtype: ScalarType.Float64);
        Tensor left = (u.narrow(1, 0, Rank) * s.narrow(0, 0, Rank)).matmul(turn.to(ScalarType.Float32));
        x.Round(Name, w.addmm_(left, vh.narrow(0, 0, Rank)));
    }

    /// <summary>alpha / r.</summary>
    private const float RandScaling = 1;

    private static void Add(Workspace x, Tensor b, Tensor a, float scaling) => x.Round(Name, x.Widen(Name).addmm_(b, a, beta: 1, alpha: scaling));

    private static Tensor Product(Workspace x, string buffer, string b, string a) =>
        x.Buffer(buffer, [Side, Side]).addmm_(x.Own(b), x.Own(a), beta: 0, alpha: 1);

    /// <summary>W with each group of columns times a block, and rows times factors, in float64.</summary>
    private static void Turn(Workspace x, Tensor blocks, Tensor? factors)
    {
        Tensor wide = x.Buffer("W in float64", [Side, Side], ScalarType.Float64).copy_(x.Weight(Name));
        Tensor turned = x.Buffer("turned", [Side, Side], ScalarType.Float64);
        for (int i = 0; i < Side / Group; i++)
            turned.narrow(1, i * Group, Group).addmm_(wide.narrow(1, i * Group, Group), blocks[i], beta: 0, alpha: 1);
        x.Round(Name, factors is null ? turned : turned.mul_(factors));
    }

    private static Tensor Skew(Tensor numbers, int size)
    {
        Tensor q = zeros([numbers.shape[0], size, size], ScalarType.Float64), places = triu_indices(size, size, 1);
        q.view(numbers.shape[0], -1).index_copy_(1, (places[0] * size) + places[1], numbers);
        return q - q.transpose(1, 2);
    }

    /// <summary>(I - S)·(I + S)⁻¹.</summary>
    private static Tensor Cayley(Tensor skew)
    {
        Tensor identity = eye(skew.shape[1], dtype: ScalarType.Float64);
        return linalg.solve(identity - skew, identity + skew).transpose(1, 2);
    }

    private static Tensor Mixed(Workspace x, string logits)
    {
        (Tensor values, Tensor vectors) = x.Own(logits).topk(2, -1);
        Tensor bank = x["base_model.vblora_vector_bank"];
        Tensor taken = bank.index_select(0, vectors.flatten()).view([.. vectors.shape, bank.shape[1]]);
        return (values.softmax(-1).unsqueeze(-1) * taken).sum([2L]);
    }

    private static Tensor Drawn(int count)
    {
        using var generator = new Generator(777, CPU);
        return randperm(Side * Side, ScalarType.Int64, CPU, generator: generator).narrow(0, 0, count);
    }
}
