using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.FourierFt;

/// <summary>The frequencies of one layer. Their number says nothing of its sides.</summary>
internal sealed record FourierFtModule(string Path, StoredTensor Spectrum, double Scaling, int Seed) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("fourierft_spectrum", Spectrum)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool fits = weight.Source.Shape.Length == 2 && Spectrum.ElementCount <= weight.Source.ElementCount;
        return [new FourierFtChange(weight.Adapter, Path, Spectrum, Seed, weight.IsTransposed(this, fits, fits), Scaling * weight.AdapterWeight)];
    }
}
