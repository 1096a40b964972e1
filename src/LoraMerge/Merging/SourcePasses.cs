using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Planning;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Merging;

/// <summary>
/// Shows a whole tensor, group of rows by group, to deltas that need to see it before they can be applied. One buffer of the tensor's own dtype beside the
/// merge's.
/// </summary>
internal sealed class SourcePasses : IDisposable
{
    private readonly TensorFiles _files = new();
    private BlockBuffer? _buffer;

    /// <param name="tensor">The tensor.</param>
    /// <param name="deltas">Its deltas, in the order in which they are applied.</param>
    /// <param name="scratch">Gives memory for some rows of a length, in the dtype of the arithmetic.</param>
    /// <param name="cancellation">Stops between groups.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111, LORA3013, LORA5004, LORA5010, LORA5011.</exception>
    public void Run(PlannedTensor.Computed tensor, IReadOnlyList<WeightDelta> deltas, Func<long, long, Tensor> scratch, CancellationToken cancellation)
    {
        for (int i = 0; i < deltas.Count; i++)
        {
            for (int pass = 0; pass < deltas[i].PassCount; pass++)
            {
                bool isChecked = deltas[i].ObservesSource && pass == 0; // decompositions of NaN end in errors of torch's own
                foreach ((Tensor w, Tensor source, long firstRow) in Groups(tensor, scratch, isChecked))
                {
                    using (w)
                    using (source)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        for (int earlier = 0; earlier < i && !deltas[i].ObservesSource; earlier++)
                            deltas[earlier].ApplyTo(w, source, firstRow);
                        deltas[i].Observe(pass, w, firstRow);
                    }
                }
                deltas[i].EndPass(pass);
            }
        }
    }

    public void Dispose()
    {
        _buffer?.Dispose();
        _files.Dispose();
    }

    private IEnumerable<(Tensor W, Tensor Source, long FirstRow)> Groups(PlannedTensor.Computed tensor, Func<long, long, Tensor> scratch, bool isChecked)
    {
        BlockBuffer buffer = Buffer(tensor.Source.DType, tensor.GroupLength);
        long rowBytes = tensor.RowLength * tensor.Source.DType.BitsPerElement() / 8;
        foreach ((long first, long rows) in Block.Cut(tensor))
        {
            int length = checked((int)(rows * rowBytes));
            tensor.Source.ReadInto(_files, first * tensor.RowLength, buffer.Bytes[..length]);
            if (isChecked && ElementStatistics.HasNonFinite(tensor.Source.DType, buffer.Bytes[..length]))
                throw TensorMerger.SourceNotFinite(tensor);
            Tensor w = scratch(rows, tensor.RowLength);
            Tensor source = buffer.Rows(rows, tensor.RowLength);
            w.copy_(source); // widened, exactly
            yield return (w, source, first);
        }
    }

    private BlockBuffer Buffer(DType dtype, long elementCount)
    {
        if (_buffer is null || _buffer.DType != dtype || _buffer.ElementCount < elementCount)
        {
            _buffer?.Dispose();
            _buffer = new BlockBuffer(dtype, elementCount);
        }
        return _buffer;
    }
}
