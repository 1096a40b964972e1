using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Road;

/// <param name="Variant">How many angles there are.</param>
/// <param name="GroupSize">Outputs of a group; the first of its lower half makes a pair with the first of its upper half, and so on.</param>
internal sealed record RoadConfig(RoadVariant Variant, int GroupSize) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor theta = tensors.Needed(RoadKind.Theta), alpha = tensors.Needed(RoadKind.Alpha);
        var module = new RoadModule(tensors.Name, theta, alpha, this);
        return theta.ElementCount == alpha.ElementCount && module.Outputs % GroupSize == 0 ? module : throw Errors.TensorsDoNotFit(
            module.Path, [theta, alpha], $"both must be of one length, for outputs in groups of {GroupSize}");
    }
}
