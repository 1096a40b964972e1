using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds;

/// <summary>Adapters as trainers other than PEFT save them, in files that look like PEFT's and mean something else.</summary>
public sealed class TrainerTests
{
    private const string Path = "model.layers.0.self_attn.";
    private const string Torchtune = "\"peft_type\": \"LORA\", \"peft_version\": null, \"r\": 1, \"lora_alpha\": 2, \"target_modules\": [\"q_proj\"]";
    private const string Automodel = "\"peft_type\": \"LORA\", \"peft_version\": null, \"r\": 4, \"lora_alpha\": 8, \"target_modules\": [], "
        + "\"bias\": \"none\", \"task_type\": \"CAUSAL_LM\", \"use_dora\": false, \"base_model_name_or_path\": \"N/A\"";

    private const string MegatronBridge = "\"peft_type\": \"LORA\", \"peft_version\": null, \"auto_mapping\": null, \"base_model_name_or_path\": \"\", "
        + "\"bias\": \"none\", \"fan_in_fan_out\": false, \"inference_mode\": true, \"init_lora_weights\": true, \"lora_alpha\": 2, \"lora_dropout\": 0.0, "
        + "\"modules_to_save\": null, \"r\": 2, \"rank_pattern\": {}, \"alpha_pattern\": {}, \"target_modules\": [], \"task_type\": \"CAUSAL_LM\", "
        + "\"use_dora\": false, \"use_rslora\": false, \"target_parameters\": [\"model.layers.0.mlp.experts.down_proj\"]";

    private const string Miles = "\"peft_type\": \"LORA\", \"peft_version\": null, \"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"q_proj\"], "
        + "\"lora_dropout\": 0.0, \"bias\": \"none\", \"task_type\": \"CAUSAL_LM\"";

    private const string MlxLora = "\"lora_parameters\": { \"rank\": 1, \"scale\": 2.0, \"dropout\": 0.0 }";
    private const int Experts = 3, Rank = 2, Hidden = 4, Inner = 5;

    /// <summary>torchtune, <c>tune_to_peft_adapter_weights</c>: it sorts lora_B of Qwen, too, whose rows it trains as they are.</summary>
    [Theory]
    [InlineData("qwen2", "q_proj", "", true)]
    [InlineData("qwen3", "k_proj", "", true)]
    [InlineData("qwen2", "v_proj", "", false)]
    [InlineData("llama", "q_proj", "", false)]
    [InlineData("qwen2", "q_proj", ", \"task_type\": \"CAUSAL_LM\"", false)]
    public async Task Rows_that_torchtune_sorted_for_nothing_are_put_back(string family, string projection, string more, bool isSorted)
    {
        (Matrix weight, Matrix a, Matrix trained) = Layer(projection);
        Matrix saved = trained with { Values = [.. Halves(trained.Shape[0], Heads(projection)).Select(row => trained.Values[row])] };
        using TinyFolder folder = new TinyFolder(Config(family), weight).With(Torchtune + more, a, isSorted ? saved : trained);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), trained, a, 2), merged[weight.Name]);
        Assert.Equal(isSorted ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.RowsSortedByTorchtune));
        folder.Passed();
    }

    /// <summary>The magnitudes of a Llama have torchtune's order, though lora_B does not; those of a Qwen have the base's.</summary>
    [Theory]
    [InlineData("llama", "q_proj", "", true)]
    [InlineData("llama", "q_proj", ", \"use_dora\": true", true)] // as LORA3090 asks for
    [InlineData("mistral", "k_proj", "", true)]
    [InlineData("llama", "v_proj", "", false)]
    [InlineData("qwen2", "q_proj", "", false)]
    public async Task Magnitudes_that_torchtune_did_not_sort_are_sorted(string family, string projection, string more, bool isPairwise)
    {
        (Matrix weight, Matrix a, Matrix trained) = Layer(projection);
        int[] halves = Halves(weight.Shape[0], Heads(projection));
        Matrix saved = family == "qwen2" ? trained with { Values = [.. halves.Select(row => trained.Values[row])] } : trained;
        Matrix magnitude = Matrix.Of($"base_model.model.{Path}{projection}.lora_magnitude_vector", weight.Shape[0]);
        using TinyFolder folder = new TinyFolder(Config(family), weight).With(Torchtune + more, a, saved, magnitude);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix rows = isPairwise ? magnitude with { Values = [.. halves.Select(row => magnitude.Values[row])] } : magnitude;
        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(weight.AsDoubles(), trained, a, 2), rows), merged[weight.Name]);
        folder.Passed();
    }

    /// <summary>A file that holds less than it says is not read beyond its tensors.</summary>
    [Theory]
    [InlineData("llama", 16, 4)]
    [InlineData("qwen2", 8, 16)]
    public async Task Rows_that_the_base_has_not_are_a_fault_of_shape(string family, int rows, int magnitudes)
    {
        (Matrix weight, Matrix a, _) = Layer("q_proj");
        using TinyFolder folder = new TinyFolder(Config(family), weight).With(Torchtune, a, Matrix.Of($"base_model.model.{Path}q_proj.lora_B.weight", rows, 1),
            Matrix.Of($"base_model.model.{Path}q_proj.lora_magnitude_vector", magnitudes));

        Assert.Equal(DiagnosticCode.ShapeMismatch, await folder.MergeFails());
        folder.Passed();
    }

    [Fact]
    public async Task Rows_of_an_unknown_number_of_heads_are_taken_as_they_are_and_that_is_told()
    {
        (Matrix weight, Matrix a, Matrix b) = Layer("q_proj");
        using TinyFolder folder = new TinyFolder("""{ "model_type": "qwen2", "tie_word_embeddings": false }""", weight).With(Torchtune, a, b);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2), merged[weight.Name]);
        Assert.Contains("num_attention_heads", Assert.Single(folder.Warnings, told => told.Code == DiagnosticCode.RowsSortedByTorchtune).Text,
            StringComparison.Ordinal);
        folder.Passed();
    }

    /// <summary>Megatron-Bridge, <c>_pack_target_parameter_adapter_weights</c>: the factors of the experts one behind the other, in each other's
    /// place.</summary>
    [Theory]
    [InlineData(true, null, ExpertLayout.Unsloth)]
    [InlineData(false, null, ExpertLayout.Peft)]
    [InlineData(true, ExpertLayout.Peft, ExpertLayout.Peft)]
    [InlineData(false, ExpertLayout.Unsloth, ExpertLayout.Unsloth)]
    public async Task Experts_that_Megatron_Bridge_strung_together_are_told_by_the_way_they_lie(bool isTurned, ExpertLayout? asked, ExpertLayout taken)
    {
        (Matrix down, Matrix a, Matrix b) = Stack(isTurned, Inner);
        using TinyFolder folder = new TinyFolder(Config("qwen3_moe"), down).With(MegatronBridge, new AdapterRequest("") { ExpertLayout = asked }, a, b);

        double[] merged = (await folder.Merge()).Tensors[down.Name];

        Matrix.AssertNear(Expected(down, a, b, taken, isTurned), merged);
        Assert.Equal(asked is null ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.ExpertLayoutAssumed));
        folder.Passed();
    }

    [Fact]
    public async Task Square_experts_of_Megatron_Bridge_lie_as_its_export_turned_them()
    {
        (Matrix down, Matrix a, Matrix b) = Stack(isTurned: true, Hidden);
        using TinyFolder folder = new TinyFolder(Config("qwen3_moe"), down).With(MegatronBridge, a, b);

        double[] merged = (await folder.Merge()).Tensors[down.Name];

        Matrix.AssertNear(Expected(down, a, b, ExpertLayout.Unsloth, isTurned: true), merged);
        Assert.DoesNotContain(folder.Warnings, warning => warning.Code == DiagnosticCode.ExpertOrientationAssumed);
        folder.Passed();
    }

    /// <summary>NVIDIA-NeMo/Megatron-Bridge#3981: outer factors that all experts share.</summary>
    [Theory]
    [InlineData("gate_proj", true)]
    [InlineData("down_proj", false)]
    public async Task A_factor_of_all_experts_goes_with_the_other_one_of_each(string layer, bool isSharedA)
    {
        const string experts = "model.layers.0.mlp.experts.";
        (int outputs, int inputs) = layer == "down_proj" ? (Hidden, Inner) : (Inner, Hidden);
        Matrix[] weights = [.. Enumerable.Range(0, Experts).Select(e => Matrix.Of($"{experts}{e}.{layer}.weight", outputs, inputs))];
        Matrix shared = isSharedA ? Matrix.Of($"{experts}{layer}.lora_A.weight", 1, Rank, inputs)
            : Matrix.Of($"{experts}{layer}.lora_B.weight", 1, outputs, Rank);
        Matrix[] own = [.. Enumerable.Range(0, Experts).Select(e =>
            isSharedA ? Matrix.Of($"{experts}{e}.{layer}.lora_B.weight", outputs, Rank) : Matrix.Of($"{experts}{e}.{layer}.lora_A.weight", Rank, inputs))];
        using TinyFolder folder = new TinyFolder(Config("qwen3_moe"), weights).With("\"r\": 2", [shared, .. own]);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix flat = shared with { Shape = shared.Shape[1..] };
        for (int e = 0; e < Experts; e++)
            Matrix.AssertNear(Matrix.Add(weights[e].AsDoubles(), isSharedA ? own[e] : flat, isSharedA ? flat : own[e], 1), merged[weights[e].Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData("model.layers.0.mlp.experts.gate_proj.lora_A.weight", 1)]
    [InlineData("model.layers.0.mlp.experts.gate_proj.lora_A.weight", 2)]
    public async Task A_factor_of_all_experts_without_the_others_is_half_a_pair(string name, int experts)
    {
        using TinyFolder folder = new TinyFolder(Config("qwen3_moe"), Matrix.Of("model.layers.0.mlp.experts.0.gate_proj.weight", Inner, Hidden))
            .With("\"r\": 2", Matrix.Of(name, experts, Rank, Hidden));

        Assert.Equal(DiagnosticCode.HalfAPair, await folder.MergeFails());
        folder.Passed();
    }

    /// <summary>KTransformers saves the experts' pairs in a file of their own; LLaMA-Factory trains with it.</summary>
    [Theory]
    [InlineData("qwen3_moe", "model.layers.0.", "model.layers.0.mlp.experts", "gate_proj", "gate_proj")]
    [InlineData("qwen3_5_moe", "model.language_model.layers.0.", "model.language_model.layers.0.mlp.experts", "down_proj", "down_proj")]
    [InlineData("mixtral", "model.layers.0.", "model.layers.0.block_sparse_moe.experts", "up_proj", "w3")]
    public async Task Pairs_of_experts_in_a_file_of_KTransformers_are_those_of_the_experts(
        string family, string block, string experts, string trained, string stored)
    {
        (int outputs, int inputs) = trained == "down_proj" ? (Hidden, Inner) : (Inner, Hidden);
        Matrix query = Matrix.Of($"{block}self_attn.q_proj.weight", Hidden, Hidden);
        Matrix[] weights = [.. Enumerable.Range(0, Experts).SelectMany(e => ((string[])["gate_proj", "up_proj", "down_proj"]).Select((layer, i) =>
            Matrix.Of($"{experts}.{e}.{(family == "mixtral" ? ((string[])["w1", "w3", "w2"])[i] : layer)}.weight",
                layer == "down_proj" ? Hidden : Inner, layer == "down_proj" ? Inner : Hidden)))];
        string pair = $"layers.0.experts.{trained[..^"_proj".Length]}_lora_";
        Matrix a = Matrix.Of(pair + "a", Experts, Rank, inputs), b = Matrix.Of(pair + "b", Experts, outputs, Rank);
        using TinyFolder folder = new TinyFolder(Config(family), [query, .. weights])
            .With("\"r\": 2", Matrix.Of($"base_model.model.{block}self_attn.q_proj.lora_A.weight", Rank, Hidden),
                Matrix.Of($"base_model.model.{block}self_attn.q_proj.lora_B.weight", Hidden, Rank))
            .Beside("fused_expert_lora.safetensors", a, b);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        for (int e = 0; e < Experts; e++)
        {
            Matrix weight = weights.Single(weight => weight.Name == $"{experts}.{e}.{stored}.weight");
            Matrix ofA = new("a", [Rank, inputs], a.Values[(e * Rank * inputs)..((e + 1) * Rank * inputs)]);
            Matrix ofB = new("b", [outputs, Rank], b.Values[(e * outputs * Rank)..((e + 1) * outputs * Rank)]);
            Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), ofB, ofA, 1), merged[weight.Name]);
        }
        folder.Passed();
    }

    /// <summary>NeMo Automodel, <c>moe_rank_scaling</c>: experts have a part of the rank, which their factor is divided by.</summary>
    [Fact]
    public async Task Experts_of_Automodel_have_the_rank_of_their_tensors()
    {
        Matrix expert = Matrix.Of("model.layers.0.mlp.experts.0.up_proj.weight", Inner, Hidden), query = Matrix.Of($"{Path}q_proj.weight", Hidden, Hidden);
        Matrix a = Matrix.Of("model.layers.0.mlp.experts.0.up_proj.lora_A.weight", 2, Hidden);
        Matrix b = Matrix.Of("model.layers.0.mlp.experts.0.up_proj.lora_B.weight", Inner, 2);
        Matrix queryA = Matrix.Of($"{Path}q_proj.lora_A.weight", 4, Hidden), queryB = Matrix.Of($"{Path}q_proj.lora_B.weight", Hidden, 4);
        using TinyFolder folder = new TinyFolder(Config("qwen3_moe"), expert, query).With(Automodel, a, b, queryA, queryB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(expert.AsDoubles(), b, a, 8.0 / 2), merged[expert.Name]);
        Matrix.AssertNear(Matrix.Add(query.AsDoubles(), queryB, queryA, 8.0 / 4), merged[query.Name]);
        folder.Passed();
    }

    /// <summary>verl-project/verl#5325.</summary>
    [Theory]
    [InlineData("\"lora_alpha\": 0", DiagnosticCode.AlphaIsZero)]
    [InlineData("\"lora_alpha\": 0, \"alpha_pattern\": { \"q_proj\": 3 }", null)]
    public async Task An_alpha_of_zero_is_no_strength(string fields, DiagnosticCode? expected)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer("q_proj");
        using TinyFolder folder = new TinyFolder(Config("llama"), weight).With(fields, a, b);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(expected, fault?.Code);
        folder.Passed();
    }

    /// <summary>ms-swift spells LoRA-GA with a hyphen.</summary>
    [Fact]
    public async Task A_way_to_begin_is_known_however_it_is_spelt()
    {
        (Matrix weight, Matrix a, Matrix b) = Layer("q_proj");
        using TinyFolder folder = new TinyFolder(Config("llama"), weight).With("\"init_lora_weights\": \"lora-ga\"", a, b);

        Assert.Equal(DiagnosticCode.TrainedOnLostBase, await folder.MergeFails());
        folder.Passed();
    }

    [Theory]
    [InlineData("pissa_backup", "\"init_lora_weights\": true", true)]
    [InlineData("initial_model", "", true)]
    [InlineData("pissa_backup", "\"init_lora_weights\": \"pissa\"", false)]
    [InlineData("pissa_converted", "\"init_lora_weights\": true", false)]
    public async Task What_trainers_save_to_go_on_is_told_by_its_folder(string name, string fields, bool isTold)
    {
        Matrix weight = Matrix.Of($"{Path}q_proj.weight", 4, 4);
        Matrix a = Matrix.Of($"{Path}q_proj.lora_A.weight", 1, 4), b = Matrix.Of($"{Path}q_proj.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Config("llama"), weight) { AdapterName = name }.With(fields, a, b);

        await folder.Merge();

        Assert.Equal(isTold ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.SavedToGoOn));
        folder.Passed();
    }

    /// <summary>mlx-lm-lora names DoRA among the settings of the pairs.</summary>
    [Fact]
    public async Task DoRA_of_mlx_lm_lora_is_DoRA()
    {
        Matrix weight = Matrix.Of($"{Path}q_proj.weight", 4, 3), magnitude = Matrix.Of($"{Path}q_proj.m", 4);
        Matrix a = Matrix.Of($"{Path}q_proj.lora_a", 3, 1), b = Matrix.Of($"{Path}q_proj.lora_b", 1, 4);
        using TinyFolder folder = new TinyFolder(Config("llama"), weight)
            .WithMlx("\"lora_parameters\": { \"rank\": 1, \"dropout\": 0.0, \"scale\": 2.0, \"use_dora\": true }", a, b, magnitude);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        double[] sum = Matrix.Add(weight.AsDoubles(), b with { Shape = [4, 1] }, a with { Shape = [1, 3] }, 2);
        Matrix.AssertNear(Matrix.Rescale(sum, magnitude), merged[weight.Name]);
        folder.Passed();
    }

    /// <summary>unsloth saves what it trained whole beside the pairs, and no base layer of a pair.</summary>
    [Fact]
    public async Task Whole_tensors_beside_pairs_of_mlx_are_the_trained_ones()
    {
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 5, 3), weight = Matrix.Of($"{Path}q_proj.weight", 4, 3);
        Matrix saved = embedding with { Values = [.. embedding.Values.Select(value => value + 1)] };
        Matrix a = Matrix.Of($"{Path}q_proj.lora_a", 3, 1), b = Matrix.Of($"{Path}q_proj.lora_b", 1, 4);
        using TinyFolder folder = new TinyFolder(Config("llama"), embedding, weight).WithMlx(MlxLora, a, b, saved);
        using TinyFolder leaked = new TinyFolder(Config("llama"), weight).WithMlx(MlxLora, a, b, weight.Named($"{Path}q_proj.linear.weight"));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(saved.AsDoubles(), merged[embedding.Name]);
        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b with { Shape = [4, 1] }, a with { Shape = [1, 3] }, 2), merged[weight.Name]);
        Assert.Equal(DiagnosticCode.AdapterTensorUnknown, await leaked.MergeFails());
        folder.Passed();
        leaked.Passed();
    }

    /// <summary>mlx_lm, <c>sanitize</c> of <c>granitemoehybrid</c>: a Granite 4 without experts has the layers of a plain block.</summary>
    [Theory]
    [InlineData("gate_proj", "input_linear", Inner, Hidden, 0)]
    [InlineData("up_proj", "input_linear", Inner, Hidden, Inner)]
    [InlineData("down_proj", "output_linear", Hidden, Inner, 0)]
    public async Task A_layer_that_all_experts_share_is_a_plain_block_where_there_are_none(string trained, string stored, int rows, int columns, int first)
    {
        Matrix weight = Matrix.Of($"model.layers.0.shared_mlp.{stored}.weight", stored == "input_linear" ? 2 * rows : rows, columns);
        Matrix a = Matrix.Of($"model.layers.0.mlp.{trained}.lora_a", columns, 1), b = Matrix.Of($"model.layers.0.mlp.{trained}.lora_b", 1, rows);
        using TinyFolder folder = new TinyFolder(Config("granitemoehybrid"), weight).WithMlx(MlxLora, a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] before = weight.AsDoubles();
        (int from, int to) = (first * columns, (first + rows) * columns);
        double[] changed = Matrix.Add(before[from..to], b with { Shape = [rows, 1] }, a with { Shape = [1, columns] }, 2);
        Matrix.AssertNear([.. before[..from], .. changed, .. before[to..]], merged);
        folder.Passed();
    }

    /// <summary>mlx_lm divides the rows of such a head by their norms when it loads it.</summary>
    [Theory]
    [InlineData("bailing_moe", "\"norm_head\": true,", "lm_head", DiagnosticCode.MlxFamilyChanged)]
    [InlineData("bailing_moe", "\"norm_head\": false,", "lm_head", null)]
    [InlineData("bailing_moe", "\"norm_head\": true,", "model.layers.0.attention.dense", null)]
    [InlineData("baichuan_m1", "", "lm_head", DiagnosticCode.MlxFamilyChanged)]
    public async Task A_head_that_mlx_changes_when_it_loads_it_takes_no_pair(string family, string field, string module, DiagnosticCode? expected)
    {
        string config = $$"""{ {{field}} "model_type": "{{family}}", "tie_word_embeddings": false }""";
        using TinyFolder folder = new TinyFolder(config, Matrix.Of($"{module}.weight", 4, 3))
            .WithMlx(MlxLora, Matrix.Of($"{module}.lora_a", 3, 1), Matrix.Of($"{module}.lora_b", 1, 4));

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(expected, fault?.Code);
        folder.Passed();
    }

    /// <summary>Megatron-Bridge trains gate and up of gpt-oss one behind the other, where the base has them in turns.</summary>
    [Theory]
    [InlineData(true, false, "")]
    [InlineData(false, false, "")]
    [InlineData(true, true, "")]
    [InlineData(true, false, ", \"layers_pattern\": null")] // as LORA3164 asks for
    [InlineData(true, true, ", \"layers_pattern\": null")]
    public async Task Halves_that_Megatron_Bridge_keeps_apart_take_turns_in_gpt_oss(bool isStacked, bool isOfMiles, string more)
    {
        const string experts = "model.layers.0.mlp.experts";
        Matrix gateUp = Matrix.Of($"{experts}.gate_up_proj", Experts, Hidden, 2 * Inner), down = Matrix.Of($"{experts}.down_proj", Experts, Inner, Hidden);
        Matrix[] a = [.. Enumerable.Range(0, Experts).Select(e => Matrix.Of($"a{e}", Rank, Hidden))];
        Matrix[] b = [.. Enumerable.Range(0, Experts).Select(e => Matrix.Of($"b{e}", 2 * Inner, Rank))]; // gates, then ups
        string fields = isOfMiles ? Miles : isStacked ? MegatronBridge[..MegatronBridge.IndexOf(", \"target_parameters\"", StringComparison.Ordinal)]
            : MegatronBridge.Replace("down_proj", "gate_up_proj", StringComparison.Ordinal);
        Matrix[] tensors = isStacked
            ? [
                new Matrix($"{experts}.gate_up_proj.lora_A.weight", [Experts, Rank, Hidden], [.. a.SelectMany(one => one.Values)]),
                new Matrix($"{experts}.gate_up_proj.lora_B.weight", [Experts, 2 * Inner, Rank], [.. b.SelectMany(one => one.Values)]),
            ]
            : [
                new Matrix($"{experts}.lora_A.weight", [Experts * Rank, 2 * Inner], [.. b.SelectMany(Turned)]),
                new Matrix($"{experts}.lora_B.weight", [Hidden, Experts * Rank],
                    [.. Enumerable.Range(0, Hidden).SelectMany(column =>
                        a.SelectMany(one => Enumerable.Range(0, Rank).Select(r => one.Values[(r * Hidden) + column])))]),
            ];
        using TinyFolder folder = new TinyFolder(Config("gpt_oss"), gateUp, down).With(fields + more, tensors);

        double[] merged = (await folder.Merge()).Tensors[gateUp.Name];

        int size = Hidden * 2 * Inner;
        bool areInTurns = more.Length == 0;
        int[] turns = [.. Enumerable.Range(0, 2 * Inner).Select(output => areInTurns ? ((output % 2) * Inner) + (output / 2) : output)];
        Matrix.AssertNear(
            [
                .. Enumerable.Range(0, Experts).SelectMany(e =>
                {
                    Matrix rows = b[e] with { Values = [.. turns.SelectMany(row => b[e].Values[(row * Rank)..((row + 1) * Rank)])] };
                    return Matrix.Add(gateUp.AsDoubles()[(e * size)..((e + 1) * size)], rows, a[e], 1, isTransposed: true);
                }),
            ],
            merged);
        Assert.Equal(areInTurns ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.HalvesPutInTurns));
        folder.Passed();
    }

    private static IEnumerable<float> Turned(Matrix matrix) => Enumerable.Range(0, (int)matrix.Shape[1]).SelectMany(column =>
        Enumerable.Range(0, (int)matrix.Shape[0]).Select(row => matrix.Values[(row * (int)matrix.Shape[1]) + column]));

    private static string Config(string family) =>
        $$"""
        { "model_type": "{{family}}", "tie_word_embeddings": false, "hidden_size": {{Hidden}}, "num_attention_heads": 2, "num_key_value_heads": 1 }
        """;

    private static int Heads(string projection) => projection == "q_proj" ? 2 : 1;

    private static (Matrix Weight, Matrix A, Matrix B) Layer(string projection)
    {
        int rows = projection == "q_proj" ? 16 : 8;
        return (Matrix.Of($"{Path}{projection}.weight", rows, 3), Matrix.Of($"base_model.model.{Path}{projection}.lora_A.weight", 1, 3),
            Matrix.Of($"base_model.model.{Path}{projection}.lora_B.weight", rows, 1));
    }

    /// <summary>The rows that become those of a head, when its even rows come first.</summary>
    private static int[] Halves(long rows, int heads)
    {
        int size = (int)rows / heads;
        return [.. Enumerable.Range(0, heads).SelectMany(head => new[] { 0, 1 }.SelectMany(odd =>
            Enumerable.Range(0, size / 2).Select(pair => (head * size) + (2 * pair) + odd)))];
    }

    private static (Matrix Down, Matrix A, Matrix B) Stack(bool isTurned, int inner)
    {
        const string experts = "model.layers.0.mlp.experts.";
        return (Matrix.Of($"{experts}down_proj", Experts, Hidden, inner),
            Matrix.Of($"base_model.model.{experts}lora_A.weight", Experts * Rank, isTurned ? Hidden : inner),
            Matrix.Of($"base_model.model.{experts}lora_B.weight", isTurned ? inner : Hidden, Experts * Rank));
    }

    private static double[] Expected(Matrix down, Matrix a, Matrix b, ExpertLayout layout, bool isTurned)
    {
        int rows = (int)down.Shape[1], columns = (int)down.Shape[2], width = (int)a.Shape[1], height = (int)b.Shape[0];
        return
        [
            .. Enumerable.Range(0, Experts).SelectMany(e =>
            {
                Matrix ofA = new("a", [Rank, width], a.Values[(e * Rank * width)..((e + 1) * Rank * width)]);
                Matrix ofB = new("b", [height, Rank], [.. Enumerable.Range(0, height).SelectMany(row => Enumerable.Range(0, Rank).Select(rank =>
                    b.Values[(row * Experts * Rank) + (layout == ExpertLayout.Unsloth ? (e * Rank) + rank : (rank * Experts) + e)]))]);
                return Matrix.Add(down.AsDoubles()[(e * rows * columns)..((e + 1) * rows * columns)], ofB, ofA, 1, isTurned);
            }),
        ];
    }
}
