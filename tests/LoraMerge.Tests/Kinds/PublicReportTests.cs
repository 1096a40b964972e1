using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

/// <summary>Adapters and bases as public reports describe them: the names of both, by which other tools merged nothing, or the wrong tensor. docs/adapters.md
/// lists them.</summary>
public sealed class PublicReportTests
{
    private const string Llama = "llama LlamaForCausalLM";
    private const string Qwen3 = "qwen3 Qwen3ForCausalLM";
    private const string Omni = "qwen2_5_omni Qwen2_5OmniForConditionalGeneration thinker_config:qwen2_5_omni_thinker talker_config:none";
    private const string Qwen2Vl = "qwen2_vl Qwen2VLForConditionalGeneration vision_config:qwen2_vl";
    private const string Qwen25Vl = "qwen2_5_vl Qwen2_5_VLForConditionalGeneration";
    private const string Mllama = "mllama MllamaForConditionalGeneration text_config:mllama_text_model vision_config:mllama_vision_model";
    private const string Gemma3 = "gemma3 Gemma3ForConditionalGeneration text_config:gemma3_text vision_config:siglip_vision_model";
    private const string PaliGemma = "paligemma PaliGemmaForConditionalGeneration text_config:gemma vision_config:siglip_vision_model";
    private const string Llava = "llava LlavaForConditionalGeneration text_config:llama vision_config:clip_vision_model";
    private const string InternVl = "internvl_chat InternVLChatModel llm_config:qwen2 vision_config:intern_vit_6b";
    private const string Mixtral = "mixtral MixtralForCausalLM";
    private const string Whisper = "whisper WhisperForConditionalGeneration";
    private const string Clip = "clip CLIPModel text_config:clip_text_model vision_config:clip_vision_model";
    private const string Vit = "vit ViTModel";
    private const string Baichuan = "baichuan BaichuanForCausalLM";

    [Theory]
    [InlineData("huggingface/peft#1579", Llama, "layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_proj")]
    [InlineData("illuin-tech/colpali#424", Qwen2Vl, "language_model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_proj")]
    [InlineData("illuin-tech/colpali#413", Qwen2Vl, "model.layers.0.self_attn.q_proj", "model.language_model.layers.0.self_attn.q_proj")]
    [InlineData("hiyouga/LlamaFactory#6845", Qwen25Vl, "model.language_model.layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj")]
    [InlineData("vllm-project/vllm#21500", Qwen25Vl, "model.visual.blocks.0.attn.qkv", "visual.blocks.0.attn.qkv")]
    [InlineData("vllm-project/vllm#19054", InternVl,
        "language_model.base_model.model.model.layers.0.self_attn.q_proj", "language_model.model.layers.0.self_attn.q_proj")]
    [InlineData("OpenBMB/MiniCPM-V#550", Llama, "llm.model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_proj")]
    [InlineData("2U1/Llama3.2-Vision-Finetune#4", Mllama,
        "model.vision_model.transformer.layers.6.mlp.fc2", "vision_model.transformer.layers.6.mlp.fc2")]
    [InlineData("huggingface/peft#2566", Mllama,
        "model.language_model.layers.38.cross_attn.v_proj", "language_model.model.layers.38.cross_attn.v_proj")]
    [InlineData("mbzuai-oryx/LLaVA-pp#18", Llava, "model.language_model.model.layers.0.mlp.up_proj", "language_model.model.layers.0.mlp.up_proj")]
    [InlineData("huggingface/transformers#45390", Llava,
        "model.vision_tower.encoder.layers.0.self_attn.q_proj", "vision_tower.vision_model.encoder.layers.0.self_attn.q_proj")]
    [InlineData("vllm-project/vllm#34186", Gemma3, "model.layers.0.self_attn.q_proj", "language_model.model.layers.0.self_attn.q_proj")]
    [InlineData("vllm-project/vllm#45716", Llama, "language_model.model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_proj")]
    [InlineData("huggingface/peft#2574", PaliGemma,
        "model.language_model.layers.0.self_attn.q_proj", "language_model.model.layers.0.self_attn.q_proj")]
    [InlineData("huggingface/lerobot#1406", Gemma3, "paligemma_with_expert.model.language_model.layers.0.q", "language_model.model.layers.0.q")]
    [InlineData("unslothai/unsloth#5403", Mixtral, "model.layers.0.mlp.experts.1.w3", "model.layers.0.block_sparse_moe.experts.1.w3")]
    [InlineData("huggingface/diffusers#13984", Clip, "text_model.encoder.layers.0.self_attn.q_proj", "text_model.encoder.layers.0.self_attn.q_proj")]
    [InlineData("huggingface/transformers#41693", Vit, "vit.layers.0.attention.q_proj", "encoder.layer.0.attention.attention.query")]
    [InlineData("paninski-lab/lightning-pose#432", Vit, "layers.0.mlp.fc1", "encoder.layer.0.intermediate.dense")]
    [InlineData("thinking-machines-lab/tinker-cookbook#193", Llama, "model.unembed_tokens", "lm_head")]
    [InlineData("ggml-org/llama.cpp#3519", Baichuan, "model.layers.0.self_attn.W_pack", "model.layers.0.self_attn.W_pack")]
    [InlineData("speechbrain/speechbrain#2563", Whisper, "encoder.layers.0.self_attn.q_proj", "model.encoder.layers.0.self_attn.q_proj")]
    [InlineData("NVIDIA-NeMo/Automodel#1479", Llama, "lm_q.layers.0.self_attn.q_proj", "layers.0.self_attn.q_proj")]
    [InlineData("QwenLM/Qwen3-Embedding#70", Qwen3, "model.layers.0.self_attn.q_proj", "layers.0.self_attn.q_proj")]
    [InlineData("huggingface/trl#5497", PaliGemma,
        "model.vision_tower.encoder.layers.0.mlp.fc1", "vision_tower.vision_model.encoder.layers.0.mlp.fc1")]
    [InlineData("modelscope/ms-swift#6481", Omni, "thinker.model.layers.0.self_attn.q_proj", "thinker.model.layers.0.self_attn.q_proj")]
    [InlineData("modelscope/ms-swift#4986", Omni, "model.layers.0.self_attn.q_proj", "thinker.model.layers.0.self_attn.q_proj")]
    public async Task A_module_goes_where_the_base_has_it(string report, string model, string live, string stored)
    {
        using var placed = new PlacedModule(model, live, stored);

        await placed.AssertMerged();
        Assert.NotEmpty(report);
    }

    /// <summary>unslothai/unsloth-zoo#1234, huggingface/transformers#38627, huggingface/transformers#38927: two parts of a model, which no one prefix takes to
    /// their places.</summary>
    [Theory]
    [InlineData(Qwen25Vl, "model.language_model.layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj",
        "model.visual.blocks.0.attn.qkv", "visual.blocks.0.attn.qkv")]
    [InlineData(Qwen25Vl, "model.layers.0.mlp.up_proj", "model.language_model.layers.0.mlp.up_proj",
        "visual.blocks.0.attn.qkv", "model.visual.blocks.0.attn.qkv")]
    [InlineData(Gemma3, "model.language_model.layers.0.q", "language_model.model.layers.0.q",
        "model.vision_tower.encoder.layers.0.q", "vision_tower.vision_model.encoder.layers.0.q")]
    [InlineData(Llava, "language_model.model.layers.0.q", "model.language_model.layers.0.q",
        "multi_modal_projector.linear_1", "model.multi_modal_projector.linear_1")]
    [InlineData(Mllama, "model.language_model.layers.0.q", "language_model.model.layers.0.q",
        "model.vision_model.transformer.layers.0.q", "vision_model.transformer.layers.0.q")]
    public async Task Two_parts_go_where_the_base_has_them(string model, string first, string firstStored, string second, string secondStored)
    {
        Matrix one = Matrix.Of(firstStored + ".weight", 4, 3), two = Matrix.Of(secondStored + ".weight", 4, 3);
        Matrix a = Matrix.Of($"base_model.model.{first}.lora_A.weight", 1, 3), b = Matrix.Of($"base_model.model.{first}.lora_B.weight", 4, 1);
        Matrix otherA = Matrix.Of($"base_model.model.{second}.lora_A.weight", 1, 3), otherB = Matrix.Of($"base_model.model.{second}.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(PlacedModule.Config(model), one, two).With("", a, b, otherA, otherB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(one.AsDoubles(), b, a, 2), merged[one.Name]);
        Matrix.AssertNear(Matrix.Add(two.AsDoubles(), otherB, otherA, 2), merged[two.Name]);
        folder.Passed();
    }

    /// <summary>huggingface/peft#2450, ymcui/Chinese-LLaMA-Alpaca-2#392.</summary>
    [Theory]
    [InlineData("lora_A.weight")]
    [InlineData("modules_to_save.default.weight")]
    public async Task A_tensor_that_was_not_gathered_is_named(string leaf)
    {
        using TinyFolder folder = new TinyFolder(PlacedModule.Config(Llama), Matrix.Of("model.embed_tokens.weight", 4, 3))
            .With("\"modules_to_save\": [\"embed_tokens\"]", Matrix.Of("base_model.model.model.embed_tokens." + leaf, 0));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.AdapterTensorEmpty, code);
        folder.Passed();
    }

    /// <summary>unslothai/unsloth-zoo#885, unslothai/unsloth#3405: a list of layers for each projection of gpt-oss, whose files have all experts in
    /// one.</summary>
    [Fact]
    public async Task A_list_of_experts_goes_into_the_fused_tensor()
    {
        Matrix weight = Matrix.Of("model.layers.0.mlp.experts.gate_up_proj", 2, 3, 4), down = Matrix.Of("model.layers.0.mlp.experts.down_proj", 2, 2, 3);
        Matrix a = Matrix.Of("base_model.model.model.layers.0.mlp.experts.gate_up_projs.1.lora_A.weight", 1, 3),
            b = Matrix.Of("base_model.model.model.layers.0.mlp.experts.gate_up_projs.1.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "gpt_oss", "hidden_size": 3 }""", weight, down).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] before = weight.AsDoubles();
        Matrix.AssertNear([.. before[..12], .. Matrix.Add(before[12..], b, a, 2, isTransposed: true)], merged);
        folder.Passed();
    }

    /// <summary>vllm-project/vllm#38520: experts one by one in the adapter, all in one tensor in the base, under another path.</summary>
    [Fact]
    public async Task An_expert_of_a_vision_language_model_goes_into_the_fused_tensor()
    {
        string config =
            """
            { "model_type": "qwen3_5_moe", "architectures": ["Qwen3_5MoeForConditionalGeneration"],
              "text_config": { "model_type": "qwen3_5_moe_text", "hidden_size": 4 } }
            """;
        Matrix gateUp = Matrix.Of("model.language_model.layers.0.mlp.experts.gate_up_proj", 2, 6, 4),
            down = Matrix.Of("model.language_model.layers.0.mlp.experts.down_proj", 2, 4, 3);
        Matrix a = Matrix.Of("base_model.model.language_model.model.layers.0.mlp.experts.1.down_proj.lora_A.weight", 1, 3),
            b = Matrix.Of("base_model.model.language_model.model.layers.0.mlp.experts.1.down_proj.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(config, gateUp, down).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors[down.Name];

        double[] before = down.AsDoubles();
        Matrix.AssertNear([.. before[..12], .. Matrix.Add(before[12..], b, a, 2)], merged);
        folder.Passed();
    }

    /// <summary>unslothai/unsloth-zoo#1087, huggingface/trl#297: a head that the files of a language model cannot have.</summary>
    [Fact]
    public async Task A_score_beside_a_language_model_is_new()
    {
        Matrix weight = Matrix.Of("model.layers.0.self_attn.q_proj.weight", 4, 3), score = Matrix.Of("base_model.model.score.weight", 2, 3);
        using TinyFolder folder = new TinyFolder(PlacedModule.Config(Llama), weight, Matrix.Of("lm_head.weight", 2, 3))
            .With("\"task_type\": \"SEQ_CLS\"", score, Matrix.Of("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", 1, 3),
                Matrix.Of("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", 4, 1));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Assert.Equal(score.AsDoubles(), merged["score.weight"]);
        folder.Passed();
    }

    /// <summary>thinking-machines-lab/tinker-cookbook#593.</summary>
    [Fact]
    public async Task A_raw_head_of_Tinker_is_refused_where_head_and_embedding_are_one()
    {
        string tied = PlacedModule.Config(Llama).Replace("false", "true", StringComparison.Ordinal);
        using TinyFolder folder = new TinyFolder(tied, Matrix.Of("model.embed_tokens.weight", 4, 3))
            .With("", Matrix.Of("base_model.model.model.unembed_tokens.lora_A.weight", 1, 3),
                Matrix.Of("base_model.model.model.unembed_tokens.lora_B.weight", 4, 1));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.TinkerHeadTied, code);
        folder.Passed();
    }

    /// <summary>huggingface/peft#2699: an adapter called "lora", whose name PEFT cut out of its own.</summary>
    [Fact]
    public async Task Keys_that_lost_their_leaf_are_refused()
    {
        using TinyFolder folder = new TinyFolder(PlacedModule.Config(Llama), Matrix.Of("model.layers.0.self_attn.q_proj.weight", 4, 3)).With(
            "",
            Matrix.Of("base_model.model.model.layers.0.self_attn.q_proj_A.weight", 1, 3),
            Matrix.Of("base_model.model.model.layers.0.self_attn.q_proj_B.weight", 4, 1)
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.TensorUnused, code);
        folder.Passed();
    }

    /// <summary>modelscope/ms-swift#7891, NVIDIA-NeMo/Megatron-Bridge#1272.</summary>
    [Theory]
    [InlineData("decoder.layers.0.self_attention.linear_qkv.lora_A.weight")]
    [InlineData("decoder.layers.self_attention.linear_proj.lora_A.weight")]
    [InlineData("decoder.layers.0.mlp.linear_fc1.adapter.linear_in.weight")]
    public async Task Names_of_Megatron_are_named(string tensor)
    {
        using TinyFolder folder = new TinyFolder(PlacedModule.Config(Llama), Matrix.Of("model.layers.0.self_attn.q_proj.weight", 4, 3))
            .With("", Matrix.Of(tensor, 1, 3));

        LoraMergeException? fault = await folder.Fault();

        Assert.Contains("Megatron", fault?.Message, StringComparison.Ordinal);
        folder.Passed();
    }
}
