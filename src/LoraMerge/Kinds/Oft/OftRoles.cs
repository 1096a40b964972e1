using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Oft;

/// <summary>The tensors of OFT, of all releases.</summary>
internal static class OftRoles
{
    /// <summary>Since 0.16: <c>[blocks, n·(n-1)/2]</c>, the strict upper triangles of skew-symmetric matrices.</summary>
    public static TensorRole Triangles { get; } = new("oft_R") { Parameter = "weight", Dimensions = [2] };

    /// <summary>The same of an embedding.</summary>
    public static TensorRole EmbeddingTriangles { get; } = new("oft_embedding_R") { Parameter = "weight", Dimensions = [2] };

    /// <summary>Up to 0.15: <c>[blocks, n, n]</c>, of which the skew-symmetric part counts.</summary>
    public static TensorRole Blocks { get; } = new("oft_r") { Dimensions = [3] };

    /// <summary>0.14 and 0.15: one factor for each output.</summary>
    public static TensorRole Factors { get; } = new("oft_s") { Dimensions = [2] };

    public static ImmutableArray<TensorRole> All { get; } = [Triangles, EmbeddingTriangles, Blocks, Factors];
}
