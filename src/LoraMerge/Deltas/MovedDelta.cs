using LoraMerge.Checkpoints;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + c·(V - W): a tensor that was trained whole, taken by the weight c of its adapter.</summary>
/// <remarks>With c = 1 it is V exactly. PEFT, <c>ModulesToSaveWrapper</c>, which knows c = 1 only. V is as large as W, so it is read piece by piece.</remarks>
internal sealed class MovedDelta : WeightDelta
{
    private readonly AdapterPieces _values;
    private readonly double _adapterWeight;

    /// <param name="values">V, in W's shape.</param>
    /// <param name="files">Where it is read from; the caller's.</param>
    /// <param name="adapterWeight">c.</param>
    public MovedDelta(StoredTensor values, TensorFiles files, double adapterWeight)
    {
        _values = new AdapterPieces(values, files);
        _adapterWeight = adapterWeight;
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        foreach ((Tensor values, long first) in _values.Of(firstRow, w.shape[0], w.dtype, w.device))
        {
            Tensor rows = w.narrow(0, first, values.shape[0]);
            if (_adapterWeight == 1)
                rows.copy_(values);
            else
                rows.lerp_(values, _adapterWeight);
        }
    }

    public override void Dispose() => _values.Dispose();
}
