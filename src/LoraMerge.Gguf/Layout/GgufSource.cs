using System.Collections.Immutable;
using System.Text.Json;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Layout;

/// <summary>A merged model as its safetensors folder would be, without the weights themselves.</summary>
/// <param name="Config">config.json as merged: a head that was parted from the embedding is said there (<c>tie_word_embeddings</c>).</param>
/// <param name="Tensors">All tensors.</param>
/// <param name="Files">The files beside the weights: the base's, overlaid by the adapters'.</param>
/// <param name="TemplateFolders">Where a chat template may stand: the adapters' folders, the last adapter first; then the base's.</param>
/// <param name="General">Keys to say beside those that follow: <c>general.name</c> and so on, or of a namespace of one's own.</param>
internal sealed record GgufSource(
    JsonElement Config, ImmutableArray<SourceTensor> Tensors, SideFiles Files, ImmutableArray<SideFiles> TemplateFolders, GgufMetadata General);
