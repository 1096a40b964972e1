using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Road;

/// <summary>Angles and lengths of one layer.</summary>
internal sealed record RoadModule(string Path, StoredTensor Theta, StoredTensor Alpha, RoadConfig Config) : AdaptedModule(Path)
{
    public long Outputs => Config.Variant switch
    {
        RoadVariant.PerPair => Theta.ElementCount * 2,
        RoadVariant.PerOutput => Theta.ElementCount,
        _ => Theta.ElementCount / 2,
    };

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("road_theta", Theta), ("road_alpha", Alpha)];

    internal override bool ChangesBias => true;

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        weight.IsTransposed(this, weight.Source.Shape.Length == 2 && weight.Source.RowCount == Outputs, fitsTransposed: false);
        return [Change(weight)];
    }

    internal override IEnumerable<WeightChange> ChangeBias(ModuleTarget bias) =>
        bias.Source.ElementCount == Outputs ? [Change(bias)] : throw bias.Mismatch(this);

    private RoadChange Change(ModuleTarget target) => new(target.Adapter, Path, Theta, Alpha, Config.Variant, Config.GroupSize, target.AdapterWeight);
}
