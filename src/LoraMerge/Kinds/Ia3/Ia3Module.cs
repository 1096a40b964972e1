using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Ia3;

/// <summary>The factors of one layer.</summary>
/// <param name="Path"><inheritdoc/></param>
/// <param name="Factors">One number for each output or input.</param>
/// <param name="IsOfInputs">Whether they belong to inputs; if not, the bias is multiplied, too.</param>
internal sealed record Ia3Module(string Path, StoredTensor Factors, bool IsOfInputs) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("ia3_l", Factors)];

    internal override bool ChangesBias => !IsOfInputs;

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        long count = Factors.ElementCount;
        long kernel = weight.Source.Shape.Skip(2).Aggregate(1L, (product, side) => product * side);
        bool isTransposed = weight.IsTransposed(this, IsOfInputs ? null : count, IsOfInputs ? count * kernel : null);
        return [new FactorsChange(weight.Adapter, Path, "ia3", Factors, IsOfInputs != isTransposed, weight.AdapterWeight)];
    }

    internal override IEnumerable<WeightChange> ChangeBias(ModuleTarget bias) => bias.Source.ElementCount == Factors.ElementCount
        ? [new FactorsChange(bias.Adapter, Path, "ia3", Factors, IsByColumn: false, bias.AdapterWeight)]
        : throw bias.Mismatch(this);
}
