using System.Text.Json;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tests.Golden;

namespace LoraMerge.Gguf.Tests.Architectures;

/// <summary>What a config may say, and what must be refused because readers would compute another model.</summary>
public sealed class ArchitectureTests
{
    [Theory]
    [InlineData("llama.zip", "llama-plain", "hidden_act", "\"gelu\"")]
    [InlineData("llama.zip", "llama-plain", "rope_scaling", """{ "rope_type": "dynamic", "factor": 2.0 }""")]
    [InlineData("llama.zip", "llama-plain", "rope_scaling", """{ "type": "longrope", "factor": 2.0 }""")]
    [InlineData("llama.zip", "mixtral", "hidden_act", "\"relu\"")]
    [InlineData("qwen.zip", "qwen2", "head_dim", "8")]
    [InlineData("qwen.zip", "qwen2", "rope_scaling", """{ "rope_type": "llama3", "factor": 2.0 }""")]
    [InlineData("qwen.zip", "qwen3-moe", "norm_topk_prob", "false")]
    [InlineData("qwen.zip", "qwen3-moe", "norm_topk_prob", null)] // the class assumes false
    [InlineData("qwen.zip", "qwen3-moe", "decoder_sparse_step", "2")]
    [InlineData("qwen.zip", "qwen3-moe", "mlp_only_layers", "[0]")]
    [InlineData("more.zip", "more-qwen2-moe", "norm_topk_prob", "true")]
    [InlineData("gemma.zip", "gemma", "hidden_activation", "\"gelu\"")]
    [InlineData("gemma.zip", "gemma", "rope_scaling", """{ "rope_type": "linear", "factor": 2.0 }""")]
    [InlineData("gemma.zip", "gemma2", "query_pre_attn_scalar", "144")]
    [InlineData("gemma.zip", "gemma2", "layer_types", """["full_attention", "sliding_attention"]""")]
    [InlineData("gemma.zip", "gemma2", "attn_logit_softcapping", "null")]
    [InlineData("gemma.zip", "gemma2", "final_logit_softcapping", "null")]
    [InlineData("gemma.zip", "gemma3", "query_pre_attn_scalar", "168")]
    [InlineData("gemma.zip", "gemma3", "_sliding_window_pattern", "2")]
    [InlineData("gemma.zip", "gemma3", "layer_types", """["full_attention", "sliding_attention"]""")]
    [InlineData("gemma.zip", "gemma3", "attn_logit_softcapping", "50.0")]
    [InlineData("gemma.zip", "gemma3", "use_bidirectional_attention", "true")]
    [InlineData("gemma.zip", "gemma3", "rope_parameters",
        """{ "full_attention": { "rope_theta": 1e6 }, "sliding_attention": { "rope_theta": 1e4, "rope_type": "linear", "factor": 2.0 } }""")]
    [InlineData("phi.zip", "phi3", "hidden_act", "\"gelu\"")]
    [InlineData("phi.zip", "phi3", "rope_scaling", """{ "type": "linear", "factor": 2.0 }""")]
    [InlineData("more.zip", "gpt2", "activation_function", "\"relu\"")]
    [InlineData("more.zip", "gpt2", "scale_attn_weights", "false")]
    [InlineData("more.zip", "gpt2", "scale_attn_by_inverse_layer_idx", "true")]
    [InlineData("more.zip", "more-phi2", "hidden_act", "\"gelu\"")]
    [InlineData("more.zip", "more-phi2", "qk_layernorm", "true")]
    [InlineData("more.zip", "more-smollm3", "no_rope_layers", "[1, 1, 0, 1]")]
    [InlineData("more.zip", "more-smollm3", "no_rope_layers", "[1, 1, 1]")]
    [InlineData("more.zip", "more-starcoder2", "mlp_type", "\"gated\"")]
    [InlineData("more.zip", "more-starcoder2", "norm_type", "\"rms\"")]
    [InlineData("more.zip", "more-stablelm", "rope_scaling", """{ "type": "linear", "factor": 2.0 }""")]
    [InlineData("more.zip", "more-command-r", "use_qk_norm", "true")]
    [InlineData("more.zip", "more-command-r", "attention_bias", "true")]
    [InlineData("more.zip", "more-gpt-oss", "swiglu_limit", "5.0")]
    [InlineData("more.zip", "more-gpt-oss", "layer_types", """["full_attention", "full_attention"]""")]
    [InlineData("more.zip", "more-deepseek3", "q_lora_rank", "null")]
    [InlineData("more.zip", "more-deepseek3", "scoring_func", "\"tanh\"")]
    [InlineData("more.zip", "more-deepseek3", "rope_interleave", "false")]
    [InlineData("more.zip", "more-lfm2", "conv_bias", "true")]
    [InlineData("converter.zip", "cohere2", "sliding_window_pattern", "2")]
    [InlineData("converter.zip", "cohere2", "use_qk_norm", "true")]
    [InlineData("converter.zip", "exaone4", "sliding_window", "64")]
    [InlineData("converter.zip", "exaone4", "layer_types", """["sliding_attention", "full_attention"]""")]
    [InlineData("converter.zip", "seed-oss", "attention_out_bias", "true")]
    [InlineData("converter.zip", "arcee", "hidden_act", "\"silu\"")]
    [InlineData("converter.zip", "olmo", "attention_bias", "true")]
    [InlineData("converter.zip", "olmoe", "norm_topk_prob", "true")]
    [InlineData("converter.zip", "olmoe", "clip_qkv", "8.0")]
    [InlineData("converter.zip", "granite-moe-shared", "num_local_experts", "0")]
    [InlineData("converter.zip", "qwen3-next", "linear_value_head_dim", "16")]
    [InlineData("converter.zip", "qwen3-next", "linear_num_value_heads", "3")]
    [InlineData("converter.zip", "qwen3-next", "norm_topk_prob", "false")]
    [InlineData("converter.zip", "qwen3-next", "mlp_only_layers", "[0]")]
    [InlineData("converter.zip", "qwen3.5", "layer_types", """["linear_attention", "full_attention", "linear_attention", "full_attention"]""")]
    [InlineData("converter.zip", "qwen3.5", "attention_bias", "true")]
    [InlineData("converter.zip", "qwen3.5", "attn_output_gate", "false")]
    [InlineData("converter.zip", "qwen3.5-moe", "norm_topk_prob", "false")]
    [InlineData("converter.zip", "qwen3-vl-moe", "norm_topk_prob", "false")]
    [InlineData("converter.zip", "deepseek-v2-lite", "scoring_func", "\"sigmoid\"")]
    [InlineData("converter.zip", "deepseek-v2-lite", "norm_topk_prob", "true")]
    [InlineData("converter.zip", "deepseek-v2-lite", "n_group", "8")]
    [InlineData("converter.zip", "deepseek-v2-lite", "q_lora_rank", "16")] // readers take models of 27 layers for those without
    [InlineData("converter.zip", "glm-4.5", "scoring_func", "\"softmax\"")]
    [InlineData("converter.zip", "llama-4", "use_qk_norm", "false")]
    [InlineData("converter.zip", "llama-4", "attention_chunk_size", "4096")]
    [InlineData("converter.zip", "llama-4", "attn_temperature_tuning", "false")]
    [InlineData("converter.zip", "llama-4", "attn_scale", "0.2")]
    [InlineData("converter.zip", "llama-4", "no_rope_layers", "[1, 1, 1, 1]")]
    [InlineData("converter.zip", "llama-4", "moe_layers", "[0, 1, 2, 3]")]
    [InlineData("converter.zip", "gemma-3n", "num_kv_shared_layers", "4")]
    [InlineData("converter.zip", "gemma-3n", "altup_num_inputs", "2")]
    [InlineData("converter.zip", "gemma-3n", "laurel_rank", "32")]
    [InlineData("converter.zip", "gemma-3n", "intermediate_size", "[24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 32, 32]")]
    [InlineData("converter.zip", "gemma-3n", "final_logit_softcapping", "null")]
    [InlineData("converter.zip", "gemma-3n", "activation_sparsity_pattern", "[0.9]")]
    [InlineData("converter.zip", "gemma-4-small", "rope_parameters",
        """{ "full_attention": { "rope_theta": 1e6, "rope_type": "default" }, "sliding_attention": { "rope_theta": 1e4 } }""")]
    [InlineData("converter.zip", "gemma-4-small", "layer_types", """["sliding_attention"]""")]
    [InlineData("converter.zip", "gemma-4-moe", "use_bidirectional_attention", "\"all\"")]
    [InlineData("converter.zip", "ernie-4.5", "use_bias", "true")]
    [InlineData("converter.zip", "ernie-4.5-moe", "moe_layer_interval", "2")]
    [InlineData("converter.zip", "ernie-4.5-moe", "moe_layer_end_index", "1")]
    [InlineData("converter.zip", "lfm2-moe", "use_expert_bias", "false")]
    [InlineData("converter.zip", "lfm2-moe", "routed_scaling_factor", "2.0")]
    [InlineData("converter.zip", "granite-4-hybrid", "mamba_expand", "4")]
    [InlineData("converter.zip", "granite-4-hybrid", "mamba_proj_bias", "true")]
    [InlineData("converter.zip", "granite-4-hybrid", "layer_types", """["mamba", "attention", "multi_head_latent_attention"]""")]
    [InlineData("converter.zip", "olmo3", "rope_scaling", """{ "rope_type": "llama3", "factor": 2.0 }""")]
    public void What_readers_do_otherwise_is_refused(string archive, string name, string field, string? json)
    {
        GgufLayoutException e = Refuse(archive, name, source => source.With(field, json));

        Assert.Equal(LayoutFault.ConfigNotSayable, e.Fault);
        Assert.Contains(field, e.Message, StringComparison.Ordinal);
        Assert.Equal("config.json", e.File);
    }

    [Theory]
    [InlineData("num_hidden_layers", "\"two\"")]
    [InlineData("num_hidden_layers", "-1")]
    [InlineData("num_hidden_layers", "1.5")]
    [InlineData("num_hidden_layers", "4000000000")]
    [InlineData("num_attention_heads", "0")]
    [InlineData("num_key_value_heads", "0")]
    [InlineData("rms_norm_eps", "\"small\"")]
    [InlineData("rope_theta", "[]")]
    [InlineData("rope_scaling", "7")]
    [InlineData("rope_scaling", """{ "rope_type": "linear" }""")]
    [InlineData("rope_scaling", """{ "rope_type": "yarn", "factor": "many" }""")]
    [InlineData("tie_word_embeddings", "\"yes\"")]
    public void A_field_of_another_kind_is_told(string field, string json)
    {
        GgufLayoutException e = Refuse("llama.zip", "llama-plain", source => source.With(field, json));

        Assert.Equal(LayoutFault.ConfigFieldInvalid, e.Fault);
        Assert.Contains(field, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_size", "128")]
    [InlineData("num_attention_heads", "2147483648")]
    [InlineData("intermediate_size", "4294967295")]
    [InlineData("head_dim", "4294967295")]
    public void A_shape_that_the_config_does_not_say_is_told(string field, string json) =>
        Assert.Equal(LayoutFault.TensorShape, Refuse("llama.zip", "llama-plain", source => source.With(field, json)).Fault);

    [Fact]
    public void Heads_of_odd_size_cannot_be_paired() =>
        Assert.Equal(LayoutFault.TensorShape,
            Refuse("llama.zip", "llama-plain", source => source.With("num_attention_heads", "64").With("num_key_value_heads", "32")).Fault);

    [Fact]
    public void More_layers_than_tensors_are_told() =>
        Assert.Equal(LayoutFault.TensorMissing, Refuse("llama.zip", "llama-plain", source => source.With("num_hidden_layers", "3")).Fault);

    [Fact]
    public void Fewer_layers_than_tensors_are_told() =>
        Assert.Equal(LayoutFault.TensorUnknown, Refuse("llama.zip", "llama-plain", source => source.With("num_hidden_layers", "1")).Fault);

    [Fact]
    public void An_untied_model_without_its_head_is_told() =>
        Assert.Equal(LayoutFault.TensorMissing, Refuse("llama.zip", "llama-plain", source => source.Without("lm_head.weight")).Fault);

    [Fact]
    public void A_head_of_its_own_is_refused_where_readers_always_take_the_embedding() =>
        Assert.Equal(LayoutFault.TensorUnknown,
            Refuse("gemma.zip", "gemma", source => source.With("tie_word_embeddings", "false").Plus("lm_head.weight", 558, 64)).Fault);

    [Theory]
    [InlineData("llama.zip", "llama-tied-rope3", "lm_head.weight")]
    [InlineData("llama.zip", "llama-plain", "model.layers.0.self_attn.rotary_emb.inv_freq")]
    [InlineData("more.zip", "gpt2", "transformer.h.0.attn.bias")]
    [InlineData("more.zip", "more-deepseek3", "model.layers.2.eh_proj.weight")]
    [InlineData("converter.zip", "glm-4.5", "model.layers.2.eh_proj.weight")]
    [InlineData("converter.zip", "qwen3-next", "mtp.fc.weight")]
    public void What_no_reader_wants_is_left_out(string archive, string name, string tensor)
    {
        GgufLayout layout = Build(archive, name, source => source.Plus(tensor, 323, 64));

        Assert.Equal([tensor], layout.LeftOut);
    }

    [Fact]
    public void GPT_2_may_lack_its_prefix()
    {
        GgufLayout with = Build("more.zip", "gpt2", source => source);
        GgufLayout without = Build("more.zip", "gpt2", source => source with
        {
            Tensors = [.. source.Tensors.Select(tensor => tensor with { Name = tensor.Name.Replace("transformer.", "", StringComparison.Ordinal) })],
        });

        Assert.Equal(with.Tensors.Select(tensor => tensor.Name), without.Tensors.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData("language_model.model.")]
    [InlineData("model.language_model.")]
    public void Gemma_3_with_a_part_for_images_becomes_the_part_for_text(string prefix)
    {
        GgufLayout text = Build("gemma.zip", "gemma3", source => source);
        GgufLayout part = Build("gemma.zip", "gemma3", source =>
        {
            string config = source.Config.GetRawText();
            using var document = JsonDocument.Parse($$"""{ "architectures": ["Gemma3ForConditionalGeneration"], "text_config": {{config}} }""");
            return (source with
            {
                Config = document.RootElement.Clone(),
                Tensors = [.. source.Tensors.Select(tensor => tensor with { Name = prefix + tensor.Name["model.".Length..] })],
            }).Plus("vision_tower.patch.weight", 4, 4);
        });

        Assert.Equal(text.Tensors.Select(tensor => tensor.Name), part.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(text.Metadata.Select(pair => pair.Key), part.Metadata.Select(pair => pair.Key));
        Assert.Equal(["vision_tower.patch.weight"], part.LeftOut);
    }

    [Theory]
    [InlineData("gemma-3n", "intermediate_size", """["wide"]""")]
    [InlineData("gemma-3n", "activation_sparsity_pattern", """["much"]""")]
    [InlineData("qwen3-next", "full_attention_interval", "0")]
    [InlineData("qwen3-next", "linear_num_key_heads", "0")]
    [InlineData("llama-4", "interleave_moe_layer_step", "0")]
    [InlineData("granite-4-hybrid", "mamba_n_groups", "0")]
    [InlineData("ernie-4.5-moe", "moe_num_experts", "0")]
    [InlineData("gemma-4-small", "num_kv_shared_layers", "\"some\"")]
    public void A_field_of_another_kind_is_told_of_further_families(string name, string field, string json)
    {
        GgufLayoutException e = Refuse("converter.zip", name, source => source.With(field, json));

        Assert.Equal(LayoutFault.ConfigFieldInvalid, e.Fault);
        Assert.Contains(field, e.Message, StringComparison.Ordinal);
    }

    /// <summary>As llama.cpp's graphs have it: plain products, and rows that are looked up without more.</summary>
    [Theory]
    [InlineData("more.zip", "gpt2", "position_embd.weight", "blk.0.attn_qkv.weight")]
    [InlineData("more.zip", "more-deepseek3", "output.weight", "blk.1.ffn_gate_exps.weight")]
    [InlineData("more.zip", "more-deepseek3", "blk.0.attn_q_b.weight", "blk.0.attn_output.weight")]
    [InlineData("converter.zip", "gemma-3n", "altup_proj.weight", "blk.0.laurel_l.weight")]
    [InlineData("converter.zip", "gemma-4-small", "per_layer_token_embd.weight", "blk.0.inp_gate.weight")]
    [InlineData("converter.zip", "gemma-4-small", "per_layer_model_proj.weight", "blk.0.proj.weight")]
    public void Readers_add_nothing_of_an_adapter_to_some_tensors(string archive, string name, string without, string with)
    {
        GgufLayout layout = Build(archive, name, source => source);

        Assert.False(layout.Tensors.Single(tensor => tensor.Name == without).TakesAdapter);
        Assert.True(layout.Tensors.Single(tensor => tensor.Name == with).TakesAdapter);
    }

    [Fact]
    public void No_layers_without_rope_are_the_usual_ones() =>
        Assert.NotEmpty(Build("converter.zip", "llama-4", source => source.With("no_rope_layers", "[]")).Tensors);

    /// <summary>Granite 4 is of another architecture where all its layers attend.</summary>
    [Theory]
    [InlineData("granite-4-hybrid", "granitehybrid")]
    [InlineData("granite-4-attention", "granite")]
    [InlineData("granite-4-attention-moe", "granitemoe")]
    public void Granite_4_is_named_by_its_layers(string name, string architecture)
    {
        GgufLayout layout = Build("converter.zip", name, source => source);

        Assert.True(layout.Metadata.TryGetText("general.architecture", out string? found));
        Assert.Equal(architecture, found);
    }

    [Theory]
    [InlineData("rope", true, 512u)]
    [InlineData("nope", false, 1u << 20)]
    public void Granite_4_without_positions_is_said_so(string kind, bool hasRope, uint context)
    {
        GgufLayout layout = Build("converter.zip", "granite-4-hybrid", source => source.With("position_embedding_type", $"\"{kind}\""));

        Assert.True(layout.Metadata.TryGet("granitehybrid.rope.scaling.finetuned", out GgufValue rope) && (bool)rope.Value == hasRope);
        Assert.True(layout.Metadata.TryGet("granitehybrid.context_length", out GgufValue length) && (uint)length.Value == context);
    }

    /// <summary>transformers 5 holds gate and up of all experts in one tensor.</summary>
    [Fact]
    public void Fused_experts_are_parted()
    {
        GgufLayout layout = Build("qwen.zip", "qwen3-moe",
            source => (source with { Tensors = source.Tensors.RemoveAll(tensor => tensor.Name.Contains(".experts.", StringComparison.Ordinal)) })
            .Plus("model.layers.0.mlp.experts.gate_up_proj", 4, 64, 64).Plus("model.layers.0.mlp.experts.down_proj", 4, 64, 32)
            .Plus("model.layers.1.mlp.experts.gate_up_proj", 4, 64, 64).Plus("model.layers.1.mlp.experts.down_proj", 4, 64, 32));

        LayoutTensor up = layout.Tensors.Single(tensor => tensor.Name == "blk.1.ffn_up_exps.weight");
        Assert.Equal([4, 32, 64], up.Shape);
        Assert.Equal([new Step.Take(1, 32, 64)], up.Steps);
    }

    [Fact]
    public void StableLM_may_have_a_norm_for_each_head()
    {
        GgufLayout layout = Build("more.zip", "more-stablelm", source =>
        {
            GgufSource changed = source.With("qk_layernorm", "true");
            foreach (int layer in (int[])[0, 1])
            {
                foreach (int head in (int[])[0, 1, 2, 3])
                    changed = changed.Plus($"model.layers.{layer}.self_attn.q_layernorm.norms.{head}.weight", 16);
                foreach (int head in (int[])[0, 1])
                    changed = changed.Plus($"model.layers.{layer}.self_attn.k_layernorm.norms.{head}.weight", 16);
            }

            return changed;
        });

        Assert.Equal([4, 16], layout.Tensors.Single(tensor => tensor.Name == "blk.1.attn_q_norm.weight").Shape);
        Assert.Equal(GgufType.F32, layout.Tensors.Single(tensor => tensor.Name == "blk.1.attn_k_norm.weight").Type);
    }

    [Theory]
    [InlineData("llama.zip", "mistral-spm", 256, "null", true)]
    [InlineData("llama.zip", "mistral-spm", 1048576, "null", false)] // no text is that long
    [InlineData("qwen.zip", "qwen2", 256, "true", true)]
    [InlineData("qwen.zip", "qwen2", 256, "false", false)]
    public void A_window_that_readers_do_not_have_is_said(string archive, string name, int window, string isUsed, bool isSaid)
    {
        GgufLayout layout = Build(
            archive, name, source => source.With("sliding_window", $"{window}").With("max_position_embeddings", "1024").With("use_sliding_window", isUsed));

        Assert.Equal(isSaid, layout.Notes.Any(note => note.Contains($"a sliding window of {window} tokens", StringComparison.Ordinal)));
    }

    /// <summary>llama.cpp's converter knows CodeLlama, and Granite's code and SmolLM, by the rows of their embedding alone.</summary>
    [Theory]
    [InlineData("llama-spm-added", 32016, "tokenizer.ggml.eot_token_id", 32010u)]
    [InlineData("llama-spm-added", 32017, "tokenizer.ggml.eot_token_id", null)]
    [InlineData("llama-digits", 49152, "tokenizer.ggml.add_bos_token", false)]
    [InlineData("llama-digits", 49153, "tokenizer.ggml.add_bos_token", null)]
    [InlineData("llama-plain", 49152, "tokenizer.ggml.add_bos_token", true)] // a file says it
    public void Some_models_are_known_by_the_size_of_their_vocabulary(string name, int rows, string key, object? value)
    {
        GgufLayout layout = Build("llama.zip", name, source =>
        {
            GgufSource changed = source.With("vocab_size", $"{rows}");
            foreach (string tensor in source.Tensors.Select(tensor => tensor.Name).Where(tensor => tensor is "model.embed_tokens.weight" or "lm_head.weight"))
                changed = changed.Without(tensor).Plus(tensor, rows, 64);
            return changed;
        });

        Assert.Equal(value is not null, layout.Metadata.TryGet(key, out GgufValue found));
        Assert.Equal(value, value is null ? null : found.Value);
    }

    [Fact]
    public void Equal_models_have_equal_layouts()
    {
        GgufLayout first = Build("llama.zip", "mixtral", source => source);
        GgufLayout second = Build("llama.zip", "mixtral", source => source with { Tensors = [.. source.Tensors.Reverse()] });

        Assert.Equal(first.Files().Select(file => file.HeaderBytes.ToArray()), second.Files().Select(file => file.HeaderBytes.ToArray()));
    }

    /// <summary>Granite 4 apart, which is of three by its layers.</summary>
    [Fact]
    public void Each_class_belongs_to_one_architecture()
    {
        string[] classes =
            [.. ArchitectureList.All.Where(architecture => architecture is not (Granite4 or Granite4Moe)).SelectMany(architecture => architecture.Classes)];

        Assert.Equal(classes.Distinct().Order(), classes.Order());
        Assert.All(ArchitectureList.All, architecture => JsonDocument.Parse(architecture.Defaults).Dispose());
    }

    private static GgufLayoutException Refuse(string archive, string name, Func<GgufSource, GgufSource> change) =>
        Assert.Throws<GgufLayoutException>(() => Build(archive, name, change));

    private static GgufLayout Build(string archive, string name, Func<GgufSource, GgufSource> change)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        return GgufLayoutBuilder.Build(change(new ExactMerge(golden.BaseFolder, golden.AdapterFolder).Source), "F16");
    }
}
