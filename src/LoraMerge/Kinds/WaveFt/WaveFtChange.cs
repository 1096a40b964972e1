using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.WaveFt;

/// <summary>W + s·(inverse wavelet transform of a few numbers).</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Spectrum"><c>[n]</c>.</param>
/// <param name="Family">Name of the wavelet; null where the numbers are added as they are.</param>
/// <param name="Seed">Draws their places.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="Scaling">s, times the weight of the adapter.</param>
internal sealed record WaveFtChange(int Adapter, string Module, StoredTensor Spectrum, string? Family, int Seed, bool IsTransposed, double Scaling)
    : WeightChange(Adapter, Module)
{
    public override string Method => (Family is null ? "waveft-plain" : "waveft") + (IsTransposed ? "-transposed" : "");

    public override double Factor => Scaling;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{base.Describe(adapterName)}, {Spectrum.ElementCount} numbers{(Family is null ? "" : $" of {Family}")}, scaling {Scaling}"
        );

    internal override long LoadingBytes(WeightFacts weight) => SeededPlaces.LoadingBytes(weight);

    internal override WeightDelta Load(DeltaInputs inputs) => WaveFtDelta.Load(this, inputs);
}
