namespace LoraMerge.Tests.Kinds;

/// <summary>Bare models, models with a head, parts of larger ones and names of several releases, family by family: no list of prefixes is needed.</summary>
public sealed class FamilyNameTests
{
    [Theory]
    [InlineData("colqwen2 ColQwen2ForRetrieval vlm_config:qwen2_vl", "model.layers.0.q", "vlm.model.language_model.layers.0.q")]
    [InlineData("colqwen2 ColQwen2ForRetrieval vlm_config:qwen2_vl", "vlm.language_model.layers.0.q", "vlm.model.layers.0.q")]
    [InlineData("llama4 Llama4ForConditionalGeneration text_config:llama4_text", "model.layers.0.q_proj", "language_model.model.layers.0.q_proj")]
    [InlineData("llama4 Llama4ForConditionalGeneration text_config:llama4_text",
        "model.language_model.layers.0.q_proj", "language_model.model.layers.0.q_proj")]
    [InlineData("idefics3 Idefics3ForConditionalGeneration text_config:llama vision_config:idefics3_vision",
        "model.layers.0.q_proj", "model.text_model.layers.0.q_proj")]
    [InlineData("mistral3 Mistral3ForConditionalGeneration text_config:mistral vision_config:pixtral",
        "model.vision_tower.transformer.layers.0.q_proj", "vision_tower.transformer.layers.0.q_proj")]
    [InlineData("gemma3 Gemma3ForConditionalGeneration text_config:gemma3_text vision_config:siglip_vision_model",
        "vision_tower.vision_model.encoder.layers.0.q", "model.vision_tower.vision_model.encoder.layers.0.q")]
    [InlineData("gemma3n Gemma3nForConditionalGeneration text_config:gemma3n_text", "language_model.layers.0.q", "model.language_model.layers.0.q")]
    [InlineData("qwen2_audio Qwen2AudioForConditionalGeneration text_config:qwen2",
        "model.language_model.layers.0.q", "language_model.model.layers.0.q")]
    [InlineData("qwen3_5 Qwen3_5ForConditionalGeneration text_config:qwen3_5_text", "model.layers.0.q", "model.language_model.layers.0.q")]
    [InlineData("minicpmv MiniCPMV", "base_model.model.llm.model.layers.0.q", "llm.model.layers.0.q")]
    [InlineData("modernbert ModernBertForMaskedLM", "layers.0.attn.Wqkv", "model.layers.0.attn.Wqkv")]
    [InlineData("xlm-roberta XLMRobertaModel", "roberta.encoder.layer.0.attention.self.query", "encoder.layer.0.attention.self.query")]
    [InlineData("xlm-roberta XLMRobertaForMaskedLM", "encoder.layer.0.attention.self.query", "roberta.encoder.layer.0.attention.self.query")]
    [InlineData("deberta-v2 DebertaV2Model", "deberta.encoder.layer.0.attention.self.query_proj", "encoder.layer.0.attention.self.query_proj")]
    [InlineData("wav2vec2 Wav2Vec2ForCTC", "encoder.layers.0.attention.q_proj", "wav2vec2.encoder.layers.0.attention.q_proj")]
    [InlineData("t5 T5ForConditionalGeneration", "transformer.encoder.block.0.layer.0.SelfAttention.q", "encoder.block.0.layer.0.SelfAttention.q")]
    [InlineData("mamba MambaForCausalLM", "layers.0.mixer.in_proj", "backbone.layers.0.mixer.in_proj")]
    [InlineData("falcon FalconForCausalLM", "model.transformer.h.0.self_attention.dense", "transformer.h.0.self_attention.dense")]
    [InlineData("vision-encoder-decoder VisionEncoderDecoderModel encoder:vit decoder:trocr",
        "encoder.layers.0.attention.q_proj", "encoder.encoder.layer.0.attention.attention.query")]
    [InlineData("clip CLIPModel text_config:clip_text_model vision_config:clip_vision_model",
        "clip.vision_model.encoder.layers.0.q", "vision_model.encoder.layers.0.q")]
    [InlineData("siglip_vision_model SiglipVisionModel", "encoder.layers.0.q", "vision_model.encoder.layers.0.q")]
    [InlineData("clip_text_model CLIPTextModel", "encoder.layers.0.q", "text_model.encoder.layers.0.q")]
    public async Task A_module_goes_where_the_family_has_it(string model, string live, string stored)
    {
        using var placed = new PlacedModule(model, live, stored);

        await placed.AssertMerged();
    }
}
