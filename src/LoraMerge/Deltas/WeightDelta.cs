using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>What takes a weight W to W′: one adapter's change of one tensor, with its own tensors on the device.</summary>
/// <remarks>A tensor is worked on in blocks of whole rows, so that memory does not grow with it; every delta here can be cut that way.</remarks>
internal abstract class WeightDelta : IDisposable
{
    /// <summary>Changes rows of a weight in place.</summary>
    /// <param name="w">float32 (float64 for a float32 or float64 result), <c>[rows, row length]</c>: the rows so far on entry, their result on return. The caller's buffer.</param>
    /// <param name="firstRow">Number of the first of these rows in the whole tensor.</param>
    public abstract void ApplyTo(Tensor w, long firstRow);

    /// <summary>‖ΔW‖ (Frobenius) of the whole tensor, computed in float64; null where the change depends on W.</summary>
    public virtual double? Norm => null;

    public abstract void Dispose();
}
