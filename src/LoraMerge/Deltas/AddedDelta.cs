using LoraMerge.Checkpoints;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>W′ = W + s·values: what a file holds as it is added, such as the trained bias of a factor (PEFT, <c>lora_bias</c>).</summary>
internal sealed class AddedDelta : AddedRowsDelta
{
    private readonly AdapterPieces _values;

    /// <param name="values">In W's shape.</param>
    /// <param name="files">Where they are read from; the caller's.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    public AddedDelta(StoredTensor values, TensorFiles files, double scaling)
        : base(scaling) => _values = new AdapterPieces(values, files);

    protected override IEnumerable<(Tensor Rows, long First)> RowsOf(long firstRow, long count, ScalarType dtype, Device device) =>
        _values.Of(firstRow, count, dtype, device);

    public override void Dispose() => _values.Dispose();
}
