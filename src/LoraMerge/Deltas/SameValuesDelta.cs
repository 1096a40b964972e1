using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W, after a look that W equals a second copy of it: an adapter file that holds a tensor twice, or two files that hold the base's.</summary>
internal sealed class SameValuesDelta : WeightDelta
{
    private readonly StoredTensor _stored;
    private readonly AdapterPieces _values;
    private readonly Func<TensorSource, LoraMergeException> _fault;

    /// <param name="stored">The copy; read piece by piece.</param>
    /// <param name="files">Where it is read from; the caller's.</param>
    /// <param name="fault">The error for a copy that differs.</param>
    public SameValuesDelta(StoredTensor stored, TensorFiles files, Func<TensorSource, LoraMergeException> fault)
    {
        _stored = stored;
        _fault = fault;
        _values = new AdapterPieces(stored, files);
    }

    public override double? Norm => 0;

    /// <exception cref="LoraMergeException">LORA4070, LORA5011.</exception>
    public override void ApplyTo(Tensor w, long firstRow)
    {
        foreach ((Tensor values, long first) in _values.Of(firstRow, w.shape[0], w.dtype, w.device))
        {
            if (w.narrow(0, first, values.shape[0]).ne(values).any().item<bool>())
                throw _fault(_stored);
        }
    }

    public override void Dispose() => _values.Dispose();
}
