using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Layout;
using LoraMerge.Planning;

namespace LoraMerge.Formats.GgufAdapter;

/// <summary>The change of one tensor of a GGUF model.</summary>
/// <param name="Target">The tensor, and what happens to its sources.</param>
/// <param name="Sources">What becomes of the sources, several where experts are stacked; null where a source does not change.</param>
internal sealed record AdapterTensor(LayoutTensor Target, ImmutableArray<PlannedTensor.Computed?> Sources)
{
    private const string Embedding = "token_embd.weight";

    /// <summary>Whether it is looked up by tokens: then readers want the factors the other way round.</summary>
    public bool IsEmbedding => Target.Name == Embedding;

    /// <summary>Whether several matrices are stacked.</summary>
    public bool IsStacked => Target.Steps is [Step.Stack, ..];

    /// <summary>What happens to each matrix.</summary>
    public ImmutableArray<Step> Steps => IsStacked ? Target.Steps[1..] : Target.Steps;

    /// <summary>The largest rank of a source's changes.</summary>
    public long Rank => Sources.OfType<PlannedTensor.Computed>().Max(source => source.Changes.Cast<LowRankChange>().Sum(change => change.A.Sides.Rows));

    /// <summary>Shapes of both factors at a rank.</summary>
    public (ImmutableArray<long> A, ImmutableArray<long> B) Shapes(long rank)
    {
        ImmutableArray<long> shape = Target.Shape;
        return IsEmbedding ? ([shape[0], rank], [shape[1], rank]) : ([.. shape[..^2], rank, shape[^1]], [.. shape[..^1], rank]);
    }
}
