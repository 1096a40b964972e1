namespace LoraMerge.Tests.Kinds.WaveFt;

/// <summary>Wavelets that are longer than two numbers.</summary>
public sealed class WaveFtLongTests : KindContract
{
    private protected override string PeftType => "WAVEFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => WaveletSum.Of(Layer.Linear(outputs, inputs), "db2", Low);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => WaveletSum.Of(Layer.Transposed(outputs, inputs), "db2", Low);

    private protected override bool TellsSide(int dimension) => false;

    private static double[] Low =>
        [.. ((double[])[1 + Math.Sqrt(3), 3 + Math.Sqrt(3), 3 - Math.Sqrt(3), 1 - Math.Sqrt(3)]).Select(value => value / (4 * Math.Sqrt(2)))];
}
