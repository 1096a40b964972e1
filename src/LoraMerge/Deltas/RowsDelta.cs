using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′[i] = W[i] + c·(V[i] - W[i]) for some rows i: values that were trained whole, taken by the weight c of their adapter.</summary>
/// <remarks>With c = 1 the rows are V exactly. PEFT, <c>TrainableTokensLayer</c>, which knows c = 1 only.</remarks>
internal sealed class RowsDelta : WeightDelta
{
    private readonly Tensor _values;
    private readonly Dictionary<long, int> _placeOfRow;
    private readonly double _adapterWeight;

    /// <param name="values"><c>[rows, row length]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="rows">Number of each row of <paramref name="values"/> in W; each once.</param>
    /// <param name="adapterWeight">c.</param>
    public RowsDelta(Tensor values, ImmutableArray<long> rows, double adapterWeight)
    {
        _values = values;
        _placeOfRow = rows.Index().ToDictionary(row => row.Item, row => row.Index);
        _adapterWeight = adapterWeight;
        ChangedRows = [.. rows.Order()];
    }

    public override ImmutableArray<long>? ChangedRows { get; }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        foreach (long row in RowsWithin(firstRow, w.shape[0]))
        {
            Tensor target = w[row - firstRow];
            Tensor value = _values[_placeOfRow[row]];
            if (_adapterWeight == 1)
                target.copy_(value);
            else
                target.lerp_(value, _adapterWeight);
        }
    }

    public override void Dispose() => _values.Dispose();
}
