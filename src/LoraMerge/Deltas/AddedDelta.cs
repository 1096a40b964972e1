using LoraMerge.Checkpoints;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>b′ = b + s·values: the trained bias of lora_B (PEFT, <c>lora_bias</c>).</summary>
internal sealed class AddedDelta : WeightDelta
{
    private readonly long _rowCount;
    private readonly AdapterPieces _values;
    private readonly double _scaling;

    /// <param name="values">In b's shape.</param>
    /// <param name="files">Where they are read from; the caller's.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    public AddedDelta(StoredTensor values, TensorFiles files, double scaling)
    {
        _rowCount = values.RowCount;
        _values = new AdapterPieces(values, files);
        _scaling = scaling;
    }

    public override double? Norm
    {
        get
        {
            double squares = 0;
            foreach ((Tensor values, _) in _values.Of(0, _rowCount, ScalarType.Float64, CPU))
                squares += Math.Pow(values.norm().item<double>(), 2);
            return Math.Abs(_scaling) * Math.Sqrt(squares);
        }
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        foreach ((Tensor values, long first) in _values.Of(firstRow, w.shape[0], w.dtype, w.device))
            w.narrow(0, first, values.shape[0]).add_(values, alpha: _scaling);
    }

    public override void Dispose() => _values.Dispose();
}
