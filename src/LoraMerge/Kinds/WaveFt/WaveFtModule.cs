using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.WaveFt;

/// <summary>The wavelets of one layer. Their number says nothing of its sides.</summary>
internal sealed record WaveFtModule(string Path, StoredTensor Spectrum, WaveFtConfig Config) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("waveft_spectrum", Spectrum)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        bool fits = weight.Source.Shape.Length == 2 && Spectrum.ElementCount <= weight.Source.ElementCount;
        return
        [
            new WaveFtChange(
                weight.Adapter,
                Path,
                Spectrum,
                Config.Family,
                Config.Seed,
                weight.IsTransposed(this, fits, fits),
                Config.Scaling * weight.AdapterWeight
            ),
        ];
    }
}
