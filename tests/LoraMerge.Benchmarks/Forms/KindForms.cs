using System.Collections.Immutable;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>The other kinds of adapter, each on one weight.</summary>
internal static class KindForms
{
    public const string Module = "model.layers.0.self_attn.q_proj";
    public const string Name = Module + ".weight";
    public const string Bias = Module + ".bias";

    /// <summary>Outputs or inputs that are turned together.</summary>
    public const int Group = 32;

    /// <summary>Numbers of a spectrum, or of other places in a weight.</summary>
    public const int Places = 1000;

    /// <summary>SHiRA: r for each row and column.</summary>
    public const int ShiraPlaces = 2 * Rank * (int)Side;

    /// <summary>VB-LoRA: vectors of the bank, and numbers of one.</summary>
    public const int Vectors = 256, VectorLength = 256;

    /// <summary>RandLoRA: products of a full rank.</summary>
    public const long Products = Side / Rank;

    private const long Side = Form.Side;
    private const int Rank = Form.Rank;

    public static IEnumerable<Form> All =>
        [
            Of(
                "AdaLoRA", "ADALORA", "\"init_r\": 16, \"target_r\": 16", KindFormulas.AdaLora,
                T("lora_A", Rank, Side), T("lora_B", Side, Rank), T("lora_E", Rank, 1)
            ),
            Of(
                "LoHa", "LOHA", "\"alpha\": 32", KindFormulas.LoHa,
                T("hada_w1_a", Side, Rank), T("hada_w1_b", Rank, Side), T("hada_w2_a", Side, Rank), T("hada_w2_b", Rank, Side)
            ),
            Of("LoKr", "LOKR", "\"alpha\": 32", KindFormulas.LoKr, T("lokr_w1", 64, 64), T("lokr_w2", 64, 64)),
            Of("IA3", "IA3", "\"feedforward_modules\": [], \"target_modules\": [\"q_proj\"]", KindFormulas.Ia3, T("ia3_l", Side, 1)),
            Of("OFT", "OFT", $"\"oft_block_size\": {Group}", KindFormulas.Oft, T("oft_R.weight", Side / Group, Group * (Group - 1) / 2)),
            Of("BOFT", "BOFT", $"\"boft_block_size\": {Group}", KindFormulas.Boft, T("boft_R", 1, Side / Group, Group, Group), T("boft_s", Side, 1)),
            Of(
                "VeRA", "VERA", "", KindFormulas.Vera,
                T("vera_lambda_b", Side), T("vera_lambda_d", Rank), new("base_model.vera_A", Rank, Side), new("base_model.vera_B", Side, Rank)
            ),
            Of(
                "PVeRA", "PVERA", "", KindFormulas.Pvera,
                T("pvera_lambda_b", Side), T("pvera_lambda_d", 2 * Rank), new("base_model.pvera_A", 2 * Rank, Side), new("base_model.pvera_B", Side, Rank)
            ),
            Of("HRA", "HRA", "\"apply_GS\": false", KindFormulas.Hra, T("hra_u", Side, Rank)),
            Of(
                "FourierFT", "FOURIERFT", $"\"n_frequency\": {Places}, \"scaling\": 150.0, \"random_loc_seed\": 777", KindFormulas.FourierFt,
                T("fourierft_spectrum", Places)
            ),
            Of(
                "VB-LoRA",
                "VBLORA",
                $"\"topk\": 2, \"num_vectors\": {Vectors}, \"vector_length\": {VectorLength}",
                KindFormulas.VbLora,
                T("vblora_logits_A", Rank, Side / VectorLength, Vectors),
                T("vblora_logits_B", Side / VectorLength, Rank, Vectors),
                new("base_model.vblora_vector_bank", Vectors, VectorLength)
            ),
            Of("MiSS", "MISS", "\"init_weights\": true", KindFormulas.Miss, T("miss_block", Rank, Side)),
            Of("MiSS, bat (Bone)", "MISS", $"\"r\": {Group}, \"init_weights\": \"bat\"", KindFormulas.MissBat, T("miss_block", Side / Group, Group, Group)),
            Of(
                "SHiRA",
                "SHIRA",
                "\"mask_type\": \"own\"",
                KindFormulas.Shira,
                T("shira_weight", ShiraPlaces),
                T("shira_indices", 2, ShiraPlaces) with { NumberAt = (n, _) => n < ShiraPlaces ? n / Group : n * 127 % Side }
            ),
            OfBias(
                "RoAd", "ROAD", $"\"variant\": \"road_1\", \"group_size\": {Group}", KindFormulas.Road,
                T("road_theta", Side / 2), T("road_alpha", Side / 2)
            ),
            Of(
                "RandLoRA",
                "RANDLORA",
                "\"randlora_alpha\": 16",
                KindFormulas.RandLora,
                T("randlora_lambda", Rank, Products),
                T("randlora_gamma", Products, Side),
                new("base_model.randlora_A", Rank, 1, Side),
                new("base_model.randlora_B", Side, Products, Rank)
            ),
            Of("C3A", "C3A", $"\"block_size\": {Group}", KindFormulas.C3a, T("c3a_kernel", Side / Group, Side / Group, Group)),
            Of(
                "DeLoRA", "DELORA", "", KindFormulas.DeLora,
                T("delora_A", Rank, Side), T("delora_B", Side, Rank), T("delora_lambda", 1), T("delora_w_norm", Side)
            ),
            Of(
                "GraLoRA", "GRALORA", "\"alpha\": 32, \"gralora_k\": 4, \"hybrid_r\": 0", KindFormulas.GraLora,
                T("gralora_A", 4, Side / 4, Rank), T("gralora_B", 4, Rank, Side / 4)
            ),
            Of("HiRA", "HIRA", "", KindFormulas.Hira, T("hira_A", Rank, Side), T("hira_B", Side, Rank)),
            Of(
                "WaveFT", "WAVEFT", $"\"n_frequency\": {Places}, \"scaling\": 25.0, \"random_loc_seed\": 777, \"wavelet_family\": \"db1\"", KindFormulas.WaveFt,
                T("waveft_spectrum", Places)
            ),
            Of(
                "OSF", "OSF", "\"effective_rank\": 4080", KindFormulas.Osf,
                T("osf_svd_params.U_low", Side, Rank), T("osf_svd_params.S_low", Rank), T("osf_svd_params.V_low", Rank, Side)
            ),
            Of(
                "UniLoRA",
                "UNILORA",
                "\"save_indices\": true",
                KindFormulas.UniLora,
                new("base_model.unilora_theta_d", Places),
                T("unilora_indices_A", Rank, Side) with { NumberAt = (n, _) => n * 7 % Places },
                T("unilora_indices_B", Side, Rank) with { NumberAt = (n, _) => n * 11 % Places },
                T("unilora_scales_A", Rank, Side),
                T("unilora_scales_B", Side, Rank)
            ),
            Of(
                "TinyLoRA", "TINYLORA", "\"u\": 8", KindFormulas.TinyLora,
                T("tinylora_A", Rank, Side), T("tinylora_B", Side, Rank), T("tinylora_P", 8, Rank, Rank), new("base_model.tinylora_v.0", 8)
            ),
            Of(
                "FRoD",
                "FROD",
                "",
                KindFormulas.Frod,
                T("frod_lambda_l", Side),
                T("frod_lambda_s_values", Places),
                new("base_model.frod_V.self_attn_q_proj", Side, Side) { NumberAt = (n, value) => (value / Side) + (n / Side == n % Side ? 1 : 0) },
                new("base_model.frod_s_indices.self_attn_q_proj", 2, Places) { NumberAt = (n, _) => n * 37 % Side },
                new("base_model.frod_s_size.self_attn_q_proj", 2) { NumberAt = (_, _) => Side }
            ),
            OfBias(
                "GLoRA", "GLORA", "", KindFormulas.Glora,
                [.. Pair("glora_A", Side, Side), .. Pair("glora_B", Side, Side), T("glora_C.zeros", Side, 1), T("glora_D.zeros", Side),
                    T("glora_E.zeros", Side)]
            ),
            Of("DEFT", "DEFT", "\"decomposition_method\": \"qr\"", KindFormulas.Deft, T("deft_P", Side, Rank), T("deft_R", Rank, Side)),
            Of(
                "PEANuT",
                "PEANUT",
                "\"depth\": 1, \"act_fn\": \"relu\", \"scaling\": 1.0",
                KindFormulas.Peanut,
                T("peanut_A.weight", Rank, Side),
                T("peanut_B.weight", Side, Rank),
                T("peanut_encoders.0.weight", Rank, Rank),
                T("peanut_decoders.0.weight", Rank, Rank)
            ),
            Of(
                "Super-Tuning", "SUPERTUNING", "\"sparsity\": 0.99, \"save_precomputed_indices\": false", KindFormulas.SuperTuning,
                T("supertuning_values", Side * Side / 100), T("supertuning_lora_A.weight", Rank, Side), T("supertuning_lora_B.weight", Side, Rank)
            ),
            Of("PSOFT", "PSOFT", "", KindFormulas.Psoft, T("psoft_R.weight", Rank * (Rank - 1) / 2), T("psoft_R.vector_a", Rank), T("psoft_R.vector_b", Rank)),
        ];

    private static NamedShape T(string leaf, params ImmutableArray<long> shape) => new($"{Module}.{leaf}", shape);

    private static IEnumerable<NamedShape> Pair(string term, long rows, long columns) => [T(term + ".Xd", rows, Rank), T(term + ".Xu", Rank, columns)];

    private static Form Of(string name, string peftType, string fields, Action<Workspace> direct, params ImmutableArray<NamedShape> tensors) =>
        new(name, [new(Name, Side, Side)], [new($"\"peft_type\": \"{peftType}\"{(fields.Length == 0 ? "" : ", ")}{fields}", tensors)], direct);

    private static Form OfBias(string name, string peftType, string fields, Action<Workspace> direct, params ImmutableArray<NamedShape> tensors) =>
        Of(name, peftType, fields, direct, tensors) with { Base = [new(Name, Side, Side), new(Bias, Side)], Measured = Name };
}
