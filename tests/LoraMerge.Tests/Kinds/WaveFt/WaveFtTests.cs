namespace LoraMerge.Tests.Kinds.WaveFt;

/// <summary>Haar wavelets at drawn places.</summary>
public sealed class WaveFtTests : KindContract
{
    private protected override string PeftType => "WAVEFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => WaveletSum.Of(Layer.Linear(outputs, inputs), "db1", Low);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => WaveletSum.Of(Layer.Transposed(outputs, inputs), "db1", Low);

    private protected override bool TellsSide(int dimension) => false;

    private static double[] Low => [Math.Sqrt(0.5), Math.Sqrt(0.5)];
}
