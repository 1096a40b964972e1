using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.WaveFt;

/// <summary>
/// ΔW[x, y] = s·Σⱼ vⱼ·f(x + L - 2 - 2·iⱼ)·g(y + L - 2 - 2·kⱼ): one level of the inverse wavelet transform with filters of L numbers, where f and g are the low
/// or the high one.
/// </summary>
/// <remarks>
/// WaveFT, arXiv 2505.12532; PEFT, <c>WaveFTLayer.get_delta_weight</c> and <c>waverec2d</c>. Half of a spectrum's side belongs to each filter; in PEFT the half
/// that a number lies in along one side chooses
/// the filter of the other side. Down the columns the few numbers are summed one by one, along the rows it is a transposed convolution; both in float64, row by
/// row.
/// </remarks>
internal sealed class WaveFtDelta : AddedRowsDelta
{
    /// <summary>The arithmetic of a change.</summary>
    public static WeightDelta Load(WaveFtChange change, DeltaInputs inputs)
    {
        var spectrum = new SeededSpectrum(inputs, change.Spectrum, change.Seed, change.IsTransposed);
        if (change.Family is not null)
            return new WaveFtDelta(spectrum, inputs.Weight, Wavelet.Of(change.Family), change.Scaling);
        using (spectrum)
        {
            using var scope = NewDisposeScope();
            return new PlacesDelta(spectrum.Rows.Times(inputs.Weight.RowLength).Plus(spectrum.Columns), spectrum.Values.to(inputs.DType), change.Scaling);
        }
    }

    private readonly SeededSpectrum _spectrum;
    private readonly WeightFacts _weight;
    private readonly long _half;
    private readonly Tensor _filters;
    private readonly Tensor _rows;
    private readonly Tensor _rowFilters;
    private readonly Tensor _columns;

    /// <param name="spectrum">v and its places; owned by this delta.</param>
    /// <param name="weight">W.</param>
    /// <param name="wavelet">The filters.</param>
    /// <param name="scaling">s.</param>
    public WaveFtDelta(SeededSpectrum spectrum, WeightFacts weight, Wavelet wavelet, double scaling)
        : base(scaling)
    {
        using var scope = NewDisposeScope();
        (_spectrum, _weight) = (spectrum, weight);
        WaveletSide down = new(weight.RowCount, wavelet.Low.Length), along = new(weight.RowLength, wavelet.Low.Length);
        Tensor row = spectrum.Rows.Plus(down.Offset), column = spectrum.Columns.Plus(along.Offset);
        Tensor isLower = row.IsAtLeast(down.Half).to(ScalarType.Int64), isRight = column.IsAtLeast(along.Half).to(ScalarType.Int64);
        _half = along.Half;
        _filters = tensor([.. wavelet.Low, .. wavelet.High], ScalarType.Float64, spectrum.Rows.device).view(2, 1, -1).DetachFromDisposeScope(); // low and high
        _rows = (row - isLower.Times(down.Half)).DetachFromDisposeScope();
        _rowFilters = isRight.Times(wavelet.Low.Length).DetachFromDisposeScope();
        // Those of the high filter behind those of the low one.
        _columns = (column - isRight.Times(along.Half)).Plus(isLower.Times(along.Half)).DetachFromDisposeScope();
    }

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device)
    {
        foreach ((long first, long rows) in PieceSize.Cut(count, _spectrum.ElementsOfRow(_weight.RowLength)))
        {
            using var scope = NewDisposeScope();
            yield return (Rows(firstRow + first, rows).to(dtype), first);
        }
    }

    public override void Dispose()
    {
        _spectrum.Dispose();
        _filters.Dispose();
        _rows.Dispose();
        _rowFilters.Dispose();
        _columns.Dispose();
    }

    private Tensor Rows(long firstRow, long count)
    {
        long length = _filters.shape[2], crop = length - 2;
        Tensor numbers = TensorArithmetic.CountFrom(firstRow, count, _rows.device).unsqueeze(1);
        Tensor taps = numbers.Plus(crop) - _rows.Times(2); // [rows, n]
        Tensor isWithin = taps.IsAtLeast(0).logical_and_(taps.IsLessThan(length));
        Tensor factors = _filters.flatten().index_select(0, taps.Within(0, length - 1).Plus(_rowFilters).flatten()).view(count, -1);
        Tensor values = factors.mul_(isWithin.to(ScalarType.Float64)).mul_(_spectrum.Values);
        Tensor coefficients = zeros([count, 2 * _half], ScalarType.Float64, _rows.device).AddAt(1, _columns, values);
        return nn.functional.conv_transpose1d(coefficients.view(count, 2, _half), _filters, stride: 2).squeeze(1).narrow(1, crop, _weight.RowLength);
    }
}
