using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′[i] = W[i] + c·(V[i] - W[i]) for some rows i, or all: values that were trained whole, taken by the weight c of their adapter.</summary>
/// <remarks>With c = 1 the rows are V exactly. PEFT, <c>TrainableTokensLayer</c> and <c>ModulesToSaveWrapper</c>, which know c = 1 only.</remarks>
internal sealed class ReplacementDelta : WeightDelta
{
    private readonly Tensor _values;
    private readonly ImmutableArray<long> _rows;
    private readonly double _adapterWeight;

    /// <param name="values"><c>[rows, row length]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="rows">Number of each row of <paramref name="values"/> in W.</param>
    /// <param name="adapterWeight">c.</param>
    public ReplacementDelta(Tensor values, ImmutableArray<long> rows, double adapterWeight)
    {
        _values = values;
        _rows = rows;
        _adapterWeight = adapterWeight;
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < _rows.Length; i++)
        {
            long row = _rows[i] - firstRow;
            if (row < 0 || row >= w.shape[0])
                continue;
            if (_adapterWeight == 1)
                w[row].copy_(_values[i]);
            else
                w[row].lerp_(_values[i], _adapterWeight);
        }
    }

    public override void Dispose() => _values.Dispose();
}
