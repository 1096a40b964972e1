using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Deft;

/// <param name="IsOrthogonal">Whether the directions are made orthonormal ("qr").</param>
/// <param name="OnlyRemoves">Whether nothing is put in place of what is taken out (PaRa).</param>
/// <param name="Alpha">alpha; null or 0 for a scaling of 1.</param>
internal sealed record DeftConfig(bool IsOrthogonal, bool OnlyRemoves, double? Alpha) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor directions = tensors.Needed(DeftKind.Directions);
        StoredTensor? replacement = OnlyRemoves ? null : tensors.Needed(DeftKind.Replacement);
        if (directions.Shape[1] > directions.Shape[0])
            throw Errors.TensorsDoNotFit(tensors.Name, [directions], "there cannot be more directions than outputs");
        if (replacement is not null && replacement.Shape[0] != directions.Shape[1])
            throw Errors.TensorsDoNotFit(tensors.Name, [directions, replacement], "both must have one rank");
        return new DeftModule(tensors.Name, directions, replacement, IsOrthogonal, Alpha is null or 0 ? 1 : Alpha.Value / directions.Shape[1]);
    }
}
