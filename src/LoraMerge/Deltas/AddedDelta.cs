using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>b′ = b + s·values: the trained bias of lora_B (PEFT, <c>lora_bias</c>).</summary>
internal sealed class AddedDelta : WeightDelta
{
    private readonly Tensor _values;
    private readonly double _scaling;

    /// <param name="values"><c>[rows, row length]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    public AddedDelta(Tensor values, double scaling)
    {
        _values = values;
        _scaling = scaling;
    }

    public override double? Norm
    {
        get
        {
            using var pieces = new Float64Pieces(1 << 20);
            double squares = 0;
            foreach ((Tensor piece, _) in pieces.Of(_values))
                squares += Math.Pow(piece.norm().cpu().item<double>(), 2);
            return Math.Abs(_scaling) * Math.Sqrt(squares);
        }
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        w.add_(_values.narrow(0, firstRow, w.shape[0]), alpha: _scaling);
    }

    public override void Dispose() => _values.Dispose();
}
