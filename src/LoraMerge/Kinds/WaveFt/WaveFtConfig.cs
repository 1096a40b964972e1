using LoraMerge.Adapters;

namespace LoraMerge.Kinds.WaveFt;

/// <param name="Family">Name of the wavelet; null where the numbers are added as they are.</param>
/// <param name="Scaling">What the pattern is multiplied with.</param>
/// <param name="Seed">Draws the places.</param>
internal sealed record WaveFtConfig(string? Family, double Scaling, int Seed) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) => new WaveFtModule(tensors.Name, tensors.Needed(WaveFtKind.Spectrum), this);
}
