using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.FourierFt;

/// <summary>
/// ΔW[x, y] = s / (rows·columns)·Σⱼ vⱼ·cos(2π·(pⱼ·x / rows + qⱼ·y / columns)): the real part of the inverse Fourier transform of numbers v at the places (p,
/// q).
/// </summary>
/// <remarks>
/// FourierFT, arXiv 2405.03003, eq. 3; PEFT, <c>FourierFTLayer.get_delta_weight</c>, which transforms the whole spectrum in float32. Down the columns the sum
/// is written out, as few places are not zero,
/// with p·x reduced in whole numbers; along the rows it is a transform. Both run in float64, row by row. The formula is the same whichever side W's rows are.
/// </remarks>
internal sealed class FourierFtDelta(SeededSpectrum spectrum, WeightFacts weight, double scaling) : AddedRowsDelta(scaling)
{
    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        foreach ((long first, long rows) in PieceSize.Cut(count, spectrum.ElementsOfRow(weight.RowLength)))
        {
            using var scope = NewDisposeScope();
            yield return (Rows(firstRow + first, rows).to(dtype), first);
        }
    }

    public override void Dispose() => spectrum.Dispose();

    private Tensor Rows(long firstRow, long count)
    {
        Tensor numbers = TensorArithmetic.CountFrom(firstRow, count, spectrum.Rows.device).unsqueeze(1);
        Tensor angles = (numbers * spectrum.Rows).Modulo(weight.RowCount).to(ScalarType.Float64).Multiply(2 * Math.PI / weight.RowCount); // [rows, n]
        Tensor strengths = spectrum.Values.DividedBy(weight.RowCount);
        return fft.ifft(complex(Spread(angles.cos().mul_(strengths)), Spread(angles.sin().mul_(strengths)))).real;
    }

    /// <summary>Puts each number into its column.</summary>
    private Tensor Spread(Tensor values)
    {
        Tensor rows = zeros([values.shape[0], weight.RowLength], ScalarType.Float64, values.device);
        return rows.AddAt(1, spectrum.Columns, values);
    }
}
