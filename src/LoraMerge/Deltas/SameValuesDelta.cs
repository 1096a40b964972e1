using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W, after a look that W equals a second copy of it: an adapter file that holds a tensor twice, or two files that hold the base's.</summary>
internal sealed class SameValuesDelta : WeightDelta
{
    private readonly StoredTensor _stored;
    private readonly AdapterPieces _values;

    /// <param name="stored">The copy; read piece by piece.</param>
    /// <param name="files">Where it is read from; the caller's.</param>
    public SameValuesDelta(StoredTensor stored, TensorFiles files)
    {
        _stored = stored;
        _values = new AdapterPieces(stored, files);
    }

    public override double? Norm => 0;

    /// <exception cref="LoraMergeException">LORA5011.</exception>
    public override void ApplyTo(Tensor w, long firstRow)
    {
        foreach ((Tensor values, long first) in _values.Of(firstRow, w.shape[0], w.dtype, w.device))
        {
            if (w.narrow(0, first, values.shape[0]).ne(values).any().item<bool>())
                throw Errors.CopiesDiffer(_stored);
        }
    }

    public override void Dispose() => _values.Dispose();
}
