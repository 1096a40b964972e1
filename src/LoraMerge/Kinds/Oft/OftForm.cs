namespace LoraMerge.Kinds.Oft;

/// <summary>What an OFT adapter does; the names of its tensors tell.</summary>
internal enum OftForm
{
    /// <summary>0.7 to 0.13: W′ = diag(R)ᵀ·W, groups of outputs.</summary>
    OutputBlocks,

    /// <summary>0.14 and 0.15: W′ = s ⊙ (W·diag(R)ᵀ), groups of inputs and a factor for each output.</summary>
    ScaledBlocks,

    /// <summary>Since 0.16: W′ = W·diag(R)ᵀ.</summary>
    Triangles,

    /// <summary>Since 0.16, embeddings: W′ = W·diag(R).</summary>
    EmbeddingTriangles,
}
