using LoraMerge.Checkpoints;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + c·(V - W): a tensor that was trained whole, taken by the weight c of its adapter.</summary>
/// <remarks>PEFT, <c>ModulesToSaveWrapper</c>, which knows c = 1 only. V is as large as W, so it is read block by block.</remarks>
internal sealed class MovedDelta : WeightDelta
{
    private readonly StoredTensor _values;
    private readonly TensorFiles _files;
    private readonly double _adapterWeight;

    /// <param name="values">V, in W's shape.</param>
    /// <param name="files">Where it is read from; the caller's.</param>
    /// <param name="adapterWeight">c.</param>
    public MovedDelta(StoredTensor values, TensorFiles files, double adapterWeight)
    {
        _values = values;
        _files = files;
        _adapterWeight = adapterWeight;
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        w.lerp_(AdapterValues.ReadRows(_values, firstRow, w.shape[0], _files, w.dtype, w.device).view(w.shape), _adapterWeight);
    }

    public override void Dispose() { }
}
