using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

/// <summary>Adapters as public reports describe them, which other tools merged into another model than the one that was trained: forms of what they
/// hold.</summary>
public sealed class WildAdapterTests
{
    private const string Llama = """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": false }""";
    private const string Nemotron =
        """{ "model_type": "nemotron_h", "architectures": ["NemotronHForCausalLM"], "hidden_size": 3, "mamba_num_heads": 2, "mamba_head_dim": 2 }""";
    private const string Prefix = "base_model.model.";

    /// <summary>A linear layer fits one way: a pair that fits it turned round is another model's, whatever its other modules are.</summary>
    [Theory]
    [InlineData("llama", "mlp.up_proj", "", false)]
    [InlineData("llama", "mlp.up_proj", "\"fan_in_fan_out\": true", true)]
    [InlineData("gpt2", "mlp.c_fc", "", true)]
    [InlineData("clvp_decoder", "mlp.c_proj", "", true)]
    public async Task Only_a_layer_that_can_be_stored_input_by_output_takes_a_pair_turned_round(string family, string module, string fields, bool isMerged)
    {
        Matrix weight = Matrix.Of($"model.layers.0.{module}.weight", 4, 3);
        Matrix a = Matrix.Of($"{Prefix}model.layers.0.{module}.lora_A.weight", 1, 4), b = Matrix.Of($"{Prefix}model.layers.0.{module}.lora_B.weight", 3, 1);
        using TinyFolder folder = new TinyFolder($$"""{ "model_type": "{{family}}", "tie_word_embeddings": false }""", weight).With(fields, a, b);

        if (isMerged)
            Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2, isTransposed: true), (await folder.Merge()).Tensors[weight.Name]);
        else
            Assert.Equal(DiagnosticCode.ShapeMismatch, await folder.MergeFails());

        folder.Passed();
    }

    /// <summary>thinking-machines-lab/tinker-cookbook#548: w1 is up, w2 down, and w3 is there without elements.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Experts_without_a_gate_have_an_empty_third_pair(bool areFused)
    {
        const string experts = "backbone.layers.0.mixer.experts", live = Prefix + "model.layers.0.mixer.experts";
        Matrix up = Matrix.Of(experts + ".up_proj", 2, 4, 3), down = Matrix.Of(experts + ".down_proj", 2, 3, 4);
        Matrix upA = Matrix.Of(live + ".w1.lora_A.weight", 2, 1, 3), upB = Matrix.Of(live + ".w1.lora_B.weight", 2, 4, 1);
        Matrix downA = Matrix.Of(live + ".w2.lora_A.weight", 2, 1, 4), downB = Matrix.Of(live + ".w2.lora_B.weight", 2, 3, 1);
        using TinyFolder folder = new TinyFolder(Nemotron, areFused ? [up, down] : [.. Apart(up), .. Apart(down)])
            .With("", upA, upB, downA, downB, Matrix.Of(live + ".w3.lora_A.weight", 0), Matrix.Of(live + ".w3.lora_B.weight", 0));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Stacked(up, upB, upA), areFused ? merged[up.Name] : [.. Apart(up).SelectMany(one => merged[one.Name])]);
        Matrix.AssertNear(Stacked(down, downB, downA), areFused ? merged[down.Name] : [.. Apart(down).SelectMany(one => merged[one.Name])]);
        Assert.Contains(folder.Informations, said => said.Text.Contains("w3.lora_A", StringComparison.Ordinal));
        folder.Passed();
    }

    [Fact]
    public async Task An_empty_pair_that_stands_for_nothing_is_still_an_error()
    {
        const string live = Prefix + "model.layers.0.mixer.experts";
        using TinyFolder folder = new TinyFolder(Nemotron, Matrix.Of("backbone.layers.0.mixer.experts.up_proj", 2, 4, 3))
            .With("", Matrix.Of(live + ".w1.lora_A.weight", 0), Matrix.Of(live + ".w1.lora_B.weight", 0), Matrix.Of(live + ".w3.lora_A.weight", 0));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.AdapterTensorEmpty, code);
        folder.Passed();
    }

    /// <summary>thinking-machines-lab/tinker-cookbook#528, #549: projections that were trained apart are rows of the one that the base has.</summary>
    [Theory]
    [InlineData("qwen3_next", "linear_attn.in_proj_qkv", "in_proj_k", 2, 2, 10)]
    [InlineData("qwen3_next", "linear_attn.in_proj_qkv", "in_proj_v", 6, 4, 10)]
    [InlineData("qwen3_next", "linear_attn.in_proj_qkv", "in_proj_v", 6, null, 12)]
    [InlineData("nemotron_h", "mixer.in_proj", "gate_proj", 4, 0, 11)]
    [InlineData("nemotron_h", "mixer.in_proj", "x_proj", 4, 4, 11)]
    [InlineData("nemotron_h", "mixer.in_proj", "x_proj", 4, null, 7)]
    [InlineData("bamba", "mixer.in_proj", "x_proj", 4, null, 11)]
    public async Task A_part_of_a_joined_projection_goes_into_its_rows(string family, string stored, string part, int rows, int? first, int rowCount)
    {
        string config = $$"""
            { "model_type": "{{family}}", "tie_word_embeddings": false, "mamba_num_heads": 2, "mamba_head_dim": 2,
              "linear_num_key_heads": 1, "linear_key_head_dim": 2, "linear_num_value_heads": 3, "linear_value_head_dim": 2 }
            """;
        string trained = $"{Prefix}model.layers.0.{stored.Split('.')[0]}.{part}";
        Matrix weight = Matrix.Of($"model.layers.0.{stored}.weight", rowCount, 3);
        Matrix a = Matrix.Of($"{trained}.lora_A.weight", 1, 3), b = Matrix.Of($"{trained}.lora_B.weight", rows, 1);
        using TinyFolder folder = new TinyFolder(config, weight).With("", a, b);

        if (first is int row)
        {
            double[] before = weight.AsDoubles();
            double[] changed = Matrix.Add(before[(row * 3)..((row + rows) * 3)], b, a, 2);
            Matrix.AssertNear([.. before[..(row * 3)], .. changed, .. before[((row + rows) * 3)..]], (await folder.Merge()).Tensors[weight.Name]);
        }
        else
        {
            Assert.Equal(DiagnosticCode.ModuleNotInBase, await folder.MergeFails());
        }

        folder.Passed();
    }

    /// <summary>OpenGVLab/InternVL#548: a model that was saved with its adapter beside its weights.</summary>
    [Theory]
    [InlineData("", 1)]
    [InlineData("\"vision_lora\": { \"r\": 1 },", 0)]
    public async Task An_adapter_among_the_tensors_of_the_base_is_told(string config, int warnings)
    {
        Matrix weight = Matrix.Of("model.layers.0.q_proj.base_layer.weight", 4, 3), old = Matrix.Of("model.layers.0.q_proj.lora_A.default.weight", 1, 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_A.weight", 1, 3), b = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder($$"""{ {{config}} "model_type": "llama", "tie_word_embeddings": false }""", weight, old).With("", a, b);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2), merged[weight.Name]);
        Assert.Equal(warnings, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.BaseHoldsLooseAdapter));
        folder.Passed();
    }

    [Theory]
    [InlineData("meta-llama/Meta-Llama-3-8B-Instruct", "meta-llama/Llama-3-8B", DiagnosticCode.TrainedOnOtherVariant)]
    [InlineData("Qwen/Qwen3-8B", "Qwen/Qwen3-8B-Base", DiagnosticCode.TrainedOnOtherVariant)]
    [InlineData("google/gemma-2-2b-it", "google/gemma-2-2b", DiagnosticCode.TrainedOnOtherVariant)]
    [InlineData("unsloth/llama-3-8b-Instruct-bnb-4bit", "meta-llama/Llama-3-8B-Instruct", null)]
    [InlineData("/home/someone/models/llama", "meta-llama/Llama-3-8B", null)]
    [InlineData("meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-13b-chat-hf", null)]
    [InlineData("fxmeng/PiSSA-Llama-2-7B-r16", "meta-llama/Llama-2-7b-hf", DiagnosticCode.TrainedOnReducedBase)]
    [InlineData("LoftQ/Mistral-7B-v0.1-4bit-64rank", "mistralai/Mistral-7B-v0.1", DiagnosticCode.TrainedOnReducedBase)]
    [InlineData("LoftQ/Mistral-7B-v0.1-4bit-64rank", "LoftQ/Mistral-7B-v0.1-4bit-64rank", null)]
    [InlineData("alignment-handbook/zephyr-7b-sft-lora", "mistralai/Mistral-7B-v0.1", DiagnosticCode.TrainedOnAdapter)]
    [InlineData("./out/checkpoint-500/", "mistralai/Mistral-7B-v0.1", DiagnosticCode.TrainedOnAdapter)]
    [InlineData("./sft_lora_merged", "mistralai/Mistral-7B-v0.1", null)]
    [InlineData("mistralai/Mistral-7B-v0.1", "mistralai/Mistral-7B-v0.1", null)]
    [InlineData("mistral-7b-explorapad", "mistralai/Mistral-7B-v0.1", null)]
    public async Task A_base_whose_name_shows_that_it_is_another_model_is_told(string trained, string named, DiagnosticCode? told)
    {
        Matrix weight = Matrix.Of("model.layers.0.q_proj.weight", 4, 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_A.weight", 1, 3), b = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder($$"""{ "_name_or_path": "{{named}}", "model_type": "llama", "tie_word_embeddings": false }""", weight)
            .With($"\"base_model_name_or_path\": \"{trained}\"", a, b);

        await folder.Merge();

        DiagnosticCode[] codes = [DiagnosticCode.TrainedOnOtherVariant, DiagnosticCode.TrainedOnReducedBase, DiagnosticCode.TrainedOnAdapter];
        Assert.Equal(told is { } code ? [code] : [], folder.Warnings.Select(warning => warning.Code).Where(codes.Contains));
        folder.Passed();
    }

    /// <summary>A head that no loader of transformers 4 looks at, and one of transformers 5 does.</summary>
    [Theory]
    [InlineData("lm_head", true, true)]
    [InlineData("lm_head", false, false)]
    [InlineData("model.layers.0.q_proj", true, false)]
    public async Task A_head_in_the_files_of_a_tied_base_is_the_embedding_or_nobody_knows_what_was_trained(string module, bool differs, bool isError)
    {
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 4, 3), layer = Matrix.Of("model.layers.0.q_proj.weight", 4, 3);
        Matrix head = differs ? Matrix.Of("lm_head.weight", 4, 3) : embedding.Named("lm_head.weight");
        Matrix a = Matrix.Of($"{Prefix}{module}.lora_A.weight", 1, 3), b = Matrix.Of($"{Prefix}{module}.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Llama.Replace("false", "true", StringComparison.Ordinal), embedding, head, layer).With("", a, b);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(isError ? DiagnosticCode.TiedCopiesDiffer : null, fault?.Code);
        folder.Passed();
    }

    /// <summary>huggingface/alignment-handbook#78: the adapter that another one was trained on is merged before it, or that is told.</summary>
    [Fact]
    public async Task An_adapter_that_is_merged_before_the_one_trained_on_it_is_not_missed()
    {
        Matrix weight = Matrix.Of("model.layers.0.q_proj.weight", 4, 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_A.weight", 1, 3), b = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Llama, weight).With("", a, b).With("\"base_model_name_or_path\": \"someone/adapter0\"", a, b)
            .With("\"base_model_name_or_path\": \"someone/other-adapter\"", a, b);

        await folder.Merge();

        Assert.Equal("someone/other-adapter", Assert.Single(folder.Warnings, told => told.Code == DiagnosticCode.TrainedOnAdapter).Text.Split('\'')[3]);
        folder.Passed();
    }

    /// <summary>huggingface/peft#1025.</summary>
    [Fact]
    public async Task A_dump_of_the_whole_model_is_its_adapter_and_the_base()
    {
        Matrix weight = Matrix.Of("model.layers.0.q_proj.weight", 4, 3), norm = Matrix.Of("model.norm.weight", 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_A.default.weight", 1, 3);
        Matrix b = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_B.default.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Llama, weight, norm)
            .With("", a, b, weight.Named(Prefix + weight.Name), norm.Named(Prefix + norm.Name), Matrix.Of(Prefix + "model.layers.0.rotary_emb.inv_freq", 2));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2), merged[weight.Name]);
        Assert.Equal(norm.AsDoubles(), merged[norm.Name]);
        Assert.Equal(2, merged.Count);
        folder.Passed();
    }

    [Theory]
    [InlineData("\"milora\"", true)]
    [InlineData("\"orthogonal\"", false)]
    [InlineData("\"eva\"", false)]
    [InlineData("false", false)]
    public async Task A_way_to_begin_that_PEFT_does_not_have_is_told(string method, bool isTold)
    {
        Matrix weight = Matrix.Of("model.layers.0.q_proj.weight", 4, 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_A.weight", 1, 3), b = Matrix.Of(Prefix + "model.layers.0.q_proj.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Llama, weight).With($"\"init_lora_weights\": {method}", a, b);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 2), merged[weight.Name]);
        Assert.Equal(isTold ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.InitialisationUnknown));
        folder.Passed();
    }

    /// <summary>What a trainer left in the place of an adapter, each told with what to do about it.</summary>
    [Theory]
    [InlineData("q_proj.lora_A.weight", "q_proj.lora_B.weight", "FULL_STATE_DICT")]
    [InlineData("_fsdp_wrapped_module._flat_param", "_fsdp_wrapped_module.other._flat_param", "FULL_STATE_DICT")]
    [InlineData("q_proj.lora_A", "q_proj.lora_B", "loralib")]
    [InlineData("mixer.in_proj.adapter.linear_in.weight", "mixer.in_proj.adapter.linear_out.weight", "Megatron")]
    public async Task What_is_no_adapter_of_PEFT_is_told_by_its_kind(string first, string second, string says)
    {
        using TinyFolder folder = new TinyFolder(Llama, Matrix.Of("model.layers.0.q_proj.weight", 4, 3))
            .With("", Matrix.Of($"{Prefix}model.layers.0.{first}", 3), Matrix.Of($"{Prefix}model.layers.0.{second}", 4));

        LoraMergeException? fault = await folder.Fault();

        Assert.Contains(says, fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    /// <summary>Pairs of rank 1, stacked, with a scaling of 2.</summary>
    private static double[] Stacked(Matrix weight, Matrix b, Matrix a) =>
        [.. Apart(weight).Zip(Apart(b), Apart(a)).SelectMany(one => Matrix.Add(one.First.AsDoubles(), one.Second, one.Third, 2))];

    /// <summary>Experts one by one, as a file without fused experts calls them.</summary>
    private static Matrix[] Apart(Matrix fused)
    {
        (int rows, int columns) = ((int)fused.Shape[1], (int)fused.Shape[2]);
        int dot = fused.Name.LastIndexOf('.');
        return
        [
            .. Enumerable.Range(0, (int)fused.Shape[0]).Select(e => new Matrix(
                $"{fused.Name[..dot]}.{e}{fused.Name[dot..]}.weight", [rows, columns], fused.Values[(e * rows * columns)..((e + 1) * rows * columns)])),
        ];
    }
}
