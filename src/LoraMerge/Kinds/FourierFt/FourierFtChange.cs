using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.FourierFt;

/// <summary>W + s·Re(inverse Fourier transform of a few frequencies).</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Spectrum"><c>[n]</c>.</param>
/// <param name="Seed">Draws their places.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="Scaling">s, times the weight of the adapter.</param>
internal sealed record FourierFtChange(int Adapter, string Module, StoredTensor Spectrum, int Seed, bool IsTransposed, double Scaling)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "fourierft-transposed" : "fourierft";

    public override double Factor => Scaling;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Spectrum.ElementCount} frequencies, scaling {Scaling}");

    internal override long LoadingBytes(WeightFacts weight) => SeededPlaces.LoadingBytes(weight);

    internal override WeightDelta Load(DeltaInputs inputs) =>
        new FourierFtDelta(new SeededSpectrum(inputs, Spectrum, Seed, IsTransposed), inputs.Weight, Scaling);
}
