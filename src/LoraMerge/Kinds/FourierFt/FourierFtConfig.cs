using LoraMerge.Adapters;

namespace LoraMerge.Kinds.FourierFt;

/// <param name="Scaling">What the pattern is multiplied with.</param>
/// <param name="Seed">Draws the places of the frequencies.</param>
internal sealed record FourierFtConfig(double Scaling, int Seed) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) =>
        new FourierFtModule(tensors.Name, tensors.Needed(FourierFtKind.Spectrum), Scaling, Seed);
}
