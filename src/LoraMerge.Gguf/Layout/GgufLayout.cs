using System.Collections.Immutable;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Layout;

/// <summary>A GGUF file before any weight is read: its metadata, and what each of its tensors is made of. Equal inputs give equal layouts.</summary>
/// <param name="Quantization">What was asked for; <c>auto</c> resolved.</param>
/// <param name="Metadata">All keys but those of a split.</param>
/// <param name="Tensors">In the order of the file.</param>
/// <param name="LeftOut">Tensors of the merged model that no reader wants: copies of a tied head, masks, parts for images.</param>
/// <param name="Notes">What readers do otherwise than the model was trained, where it is known and taken: sentences for the user.</param>
internal sealed record GgufLayout(
    GgufQuantization Quantization, GgufMetadata Metadata, ImmutableArray<LayoutTensor> Tensors, ImmutableArray<string> LeftOut, ImmutableArray<string> Notes)
{
    /// <summary>Lays out the file, or the files below a length.</summary>
    public ImmutableArray<GgufFileLayout> Files(long? maxFileLength = null) =>
        GgufSplit.Create(Metadata, [.. Tensors.Select(tensor => (tensor.Name, tensor.Type, tensor.Shape))], maxFileLength);
}
