using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W, after a look that W equals a second copy of it: an adapter file that holds a tensor twice, or two files that hold the base's.</summary>
internal sealed class SameValuesDelta : WeightDelta
{
    private readonly StoredTensor _stored;
    private readonly TensorFiles _files;

    /// <param name="stored">The copy; read block by block.</param>
    /// <param name="files">Where it is read from; the caller's.</param>
    public SameValuesDelta(StoredTensor stored, TensorFiles files)
    {
        _stored = stored;
        _files = files;
    }

    public override double? Norm => 0;

    /// <exception cref="LoraMergeException">LORA5011.</exception>
    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor copy = AdapterValues.ReadRows(_stored, firstRow, w.shape[0], _files, w.dtype, w.device).view(w.shape);
        if (w.ne(copy).any().item<bool>())
            throw Errors.CopiesDiffer(_stored);
    }

    public override void Dispose() { }
}
