using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.TinyLora;

/// <summary>The fixed directions of one module, and the numbers that mix them, which it may share with others.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="B"><c>[out, r]</c>.</param>
/// <param name="Projection">P <c>[u, r, r]</c>; null where it is drawn.</param>
/// <param name="Numbers">v <c>[u]</c> of every group of modules.</param>
/// <param name="Seed">What the projections of the first module are drawn from.</param>
internal sealed record TinyLoraModule(
    string Path,
    StoredTensor A,
    StoredTensor B,
    StoredTensor? Projection,
    ImmutableDictionary<int, StoredTensor> Numbers,
    long Seed
) : AdaptedModule(Path)
{
    /// <summary>Its place in the order of all adapted modules.</summary>
    public int Place { get; init; }

    /// <summary>Its group.</summary>
    public int Group { get; init; }

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(TinyLoraKind.A.Name, A), (TinyLoraKind.B.Name, B)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        StoredTensor numbers = Numbers.GetValueOrDefault(Group) ?? throw Errors.HalfAPair(Path, $"{TinyLoraKind.Numbers.Name}.{Group}", A.File);
        return
        [
            new LowRankChange(
                weight.Adapter,
                Path,
                "tinylora",
                new TinyLoraFactor(A, numbers, Projection, Projection is null ? new TinyLoraDraw(Seed + Place, weight.Source.ResultDType) : null),
                new StoredFactor(B),
                weight.AdapterWeight,
                weight.IsTransposed(this, B.RowCount, A.RowLength)
            ),
        ];
    }
}
