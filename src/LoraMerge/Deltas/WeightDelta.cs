using System.Collections.Immutable;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>What takes a weight W to W′: one adapter's change of one tensor, with its own tensors on the device.</summary>
/// <remarks>
/// A tensor is worked on in groups of whole rows (<see cref="RowGroup"/>), so that memory does not grow with it; every delta here can be cut that way.
/// Where a group's result depends on other groups, the delta is shown all of them first, in one or more passes.
/// </remarks>
internal abstract class WeightDelta : IDisposable
{
    /// <summary>How often the delta has to be shown the whole tensor before it can be applied.</summary>
    public virtual int PassCount => 0;

    /// <summary>Whether those passes show the tensor as it was before all deltas, instead of as the deltas before this one leave it.</summary>
    public virtual bool ObservesSource => false;

    /// <summary>Shows a group of rows of W; the groups of a pass come in order, and together they are the whole tensor.</summary>
    /// <param name="pass">From 0.</param>
    /// <param name="w">As in <see cref="ApplyTo(Tensor, long)"/>; may be changed, as it is thrown away.</param>
    /// <param name="firstRow">Number of the first of these rows in the whole tensor.</param>
    public virtual void Observe(int pass, Tensor w, long firstRow) => throw new NotSupportedException();

    /// <summary>Ends a pass.</summary>
    public virtual void EndPass(int pass) { }

    /// <summary>The only rows that it changes, in ascending order; null where it may change all.</summary>
    public virtual ImmutableArray<long>? ChangedRows => null;

    /// <summary>Those of <see cref="ChangedRows"/> that lie in a block.</summary>
    public IEnumerable<long> RowsWithin(long firstRow, long rowCount)
    {
        ImmutableArray<long> rows = ChangedRows!.Value;
        int start = rows.BinarySearch(firstRow);
        for (int i = start < 0 ? ~start : start; i < rows.Length && rows[i] < firstRow + rowCount; i++)
            yield return rows[i];
    }

    /// <summary>Changes a group of rows of a weight in place.</summary>
    /// <param name="w">
    /// float32 (float64 for a float32 or float64 result), <c>[rows, row length]</c>: the rows so far on entry, their result on return. The caller's buffer.
    /// </param>
    /// <param name="firstRow">Number of the first of these rows in the whole tensor.</param>
    public abstract void ApplyTo(Tensor w, long firstRow);

    /// <summary>The same for a change that depends on what W was before all changes.</summary>
    /// <param name="w"><inheritdoc cref="ApplyTo(Tensor, long)" path="/param[@name='w']"/></param>
    /// <param name="source">The same rows as they were before all changes, in their own dtype; on the CPU, and not to be changed.</param>
    /// <param name="firstRow"><inheritdoc cref="ApplyTo(Tensor, long)" path="/param[@name='firstRow']"/></param>
    public virtual void ApplyTo(Tensor w, Tensor source, long firstRow) => ApplyTo(w, firstRow);

    /// <summary>‖ΔW‖ (Frobenius) of the whole tensor, computed in float64; null where the change depends on W.</summary>
    public virtual double? Norm => null;

    public abstract void Dispose();
}
