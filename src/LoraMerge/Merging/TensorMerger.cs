using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using static TorchSharp.torch;

namespace LoraMerge.Merging;

/// <summary>The arithmetic of a merge: widens a block, applies the deltas in order, rounds once. One thread; the tensors come one after another.</summary>
internal sealed class TensorMerger : IDisposable
{
    private readonly Device _device;
    private readonly BufferPool _pool;
    private readonly TensorFiles _adapterFiles = new();
    private readonly KeptFactors _kept = new();
    private readonly Func<int, string> _adapterPath;
    private readonly SourcePasses _passes = new();
    private readonly Dictionary<ScalarType, Tensor> _scratch = [];
    private WeightDelta[] _deltas = [];
    private long? _changed;

    /// <param name="device">Where to compute.</param>
    /// <param name="pool">Where buffers for results come from.</param>
    /// <param name="adapterPath">Path of an adapter by its number, for messages.</param>
    public TensorMerger(Device device, BufferPool pool, Func<int, string> adapterPath)
    {
        _device = device;
        _pool = pool;
        _adapterPath = adapterPath;
    }

    /// <summary>Measures every change, where a report is asked for.</summary>
    public ChangeMeter? Meter { get; init; }

    public List<TensorOutcome> Outcomes { get; } = [];

    /// <summary>Merges one block; the block that comes back holds the result in the output dtype.</summary>
    /// <exception cref="LoraMergeException">LORA3013, LORA5004, LORA5005.</exception>
    public Block Merge(Block block, CancellationToken cancellation)
    {
        var tensor = (PlannedTensor.Computed)block.Tensor;
        ScalarType bufferType = TorchTypes.BufferOf(tensor.Source.DType, tensor.RoundedTo ?? tensor.DType);
        if (block.IsFirst)
            Begin(tensor, bufferType, cancellation);
        Block result =
            block.Buffer is null ? block
            : ChangesFewRows(tensor) ? ComputeRows(block, tensor, bufferType)
            : Compute(block, tensor, bufferType, cancellation);
        if (block.IsLast)
            End(tensor);
        return result;
    }

    /// <summary>The fault of a tensor in which a number is not finite before anything is done to it.</summary>
    public static LoraMergeException SourceNotFinite(PlannedTensor.Computed tensor) =>
        tensor.ReplacedBy is null ? Errors.BaseNotFinite(tensor.Source) : Errors.AdapterNotFinite(tensor.Source);

    public void Dispose()
    {
        DisposeDeltas();
        foreach (Tensor scratch in _scratch.Values)
            scratch.Dispose();
        _passes.Dispose();
        _kept.Dispose();
        _adapterFiles.Dispose();
    }

    private void Begin(PlannedTensor.Computed tensor, ScalarType bufferType, CancellationToken cancellation)
    {
        DisposeDeltas();
        var inputs = new DeltaInputs(_adapterFiles, bufferType, _device, tensor.Facts, _kept);
        _deltas = [.. tensor.Changes.Select(change => change.Load(inputs))];
        if (tensor.Source.ElementCount > 0)
            _passes.Run(tensor, _deltas, (rows, rowLength) => Scratch(bufferType, rows, rowLength), cancellation);
        Meter?.Begin();
        _changed = tensor.ReplacedBy is null && tensor.DType == tensor.Source.DType ? 0 : null;
    }

    private void End(PlannedTensor.Computed tensor)
    {
        if (tensor.Changes.Length > 0 || tensor.ReplacedBy is not null)
            Outcomes.Add(
                new TensorOutcome(
                    tensor,
                    _changed is long changed && tensor.Source.ElementCount > 0 ? (double)changed / tensor.Source.ElementCount : null,
                    [.. _deltas.Select(delta => delta.Norm)]
                )
                {
                    // What took the place of the base's values is measured by those who have both.
                    Measure = tensor.ReplacedBy is null ? Meter?.End(_deltas, isRoundedHere: tensor.RoundedTo is null) : null,
                }
            );
        DisposeDeltas();
    }

    private Block Compute(Block block, PlannedTensor.Computed tensor, ScalarType bufferType, CancellationToken cancellation)
    {
        BlockBuffer result = _pool.Take(tensor.DType, cancellation);
        using (var scope = NewDisposeScope())
        {
            Tensor source = block.Buffer!.Rows(block.Count, tensor.RowLength);
            Tensor target = result.Rows(block.Count, tensor.RowLength);
            if (_deltas.Length == 0)
                target.copy_(source); // the one rounding
            else
                Apply(tensor, source, target, block.First, bufferType);
        }
        Inspect(block, tensor, result);
        _pool.Return(block.Buffer);
        return block with { Buffer = result };
    }

    private void Apply(PlannedTensor.Computed tensor, Tensor source, Tensor target, long firstRow, ScalarType bufferType)
    {
        Tensor w = Scratch(bufferType, source.shape[0], tensor.RowLength);
        w.copy_(source); // widened, exactly
        foreach (WeightDelta delta in _deltas)
            delta.ApplyTo(w, source, firstRow);
        target.copy_(w); // the one rounding
        Meter?.AddWeight(source);
        Meter?.AddChange(source, w, target);
    }

    /// <summary>Whether everything but some rows stays as it is, to the bit.</summary>
    private bool ChangesFewRows(PlannedTensor.Computed tensor) =>
        _deltas.Length > 0 && tensor.DType == tensor.Source.DType && _deltas.All(delta => delta.ChangedRows is not null);

    /// <summary>As <see cref="Compute"/>, but what no delta changes is neither widened nor rounded: the block's own buffer becomes the result.</summary>
    private Block ComputeRows(Block block, PlannedTensor.Computed tensor, ScalarType bufferType)
    {
        int rowBytes = checked((int)(block.SourceLength / block.Count));
        bool isMadeHere = false;
        using var scope = NewDisposeScope();
        Tensor all = block.Buffer!.Rows(block.Count, tensor.RowLength);
        Meter?.AddWeight(all);
        Tensor w = Scratch(bufferType, 1, tensor.RowLength);
        foreach (long row in _deltas.SelectMany(delta => delta.RowsWithin(block.First, block.Count)).Distinct())
        {
            using var one = NewDisposeScope();
            Tensor target = all.narrow(0, row - block.First, 1);
            Span<byte> bytes = block.Buffer.Bytes.Slice(checked((int)((row - block.First) * rowBytes)), rowBytes);
            byte[] before = bytes.ToArray();
            Tensor? source = Meter is null ? null : target.clone();
            w.copy_(target);
            foreach (WeightDelta delta in _deltas)
                delta.ApplyTo(w, row);
            target.copy_(w);
            if (source is not null)
                Meter!.AddChange(source, w, target);
            if (_changed is not null)
                _changed += ElementStatistics.CountDifferent(tensor.DType, before, bytes);
            isMadeHere |= ElementStatistics.HasNonFinite(tensor.DType, bytes) && !ElementStatistics.HasNonFinite(tensor.DType, before);
        }
        if (ElementStatistics.HasNonFinite(tensor.DType, block.Buffer.Bytes[..block.ResultLength]))
            throw NotFinite(tensor, isOfSource: !isMadeHere);
        return block;
    }

    private void Inspect(Block block, PlannedTensor.Computed tensor, BlockBuffer result)
    {
        ReadOnlySpan<byte> before = block.Buffer!.Bytes[..block.SourceLength];
        ReadOnlySpan<byte> after = result.Bytes[..block.ResultLength];
        if (_changed is not null)
            _changed += ElementStatistics.CountDifferent(tensor.DType, before, after);
        if (!ElementStatistics.HasNonFinite(tensor.DType, after))
            return;
        throw NotFinite(tensor, ElementStatistics.HasNonFinite(tensor.Source.DType, before));
    }

    private LoraMergeException NotFinite(PlannedTensor.Computed tensor, bool isOfSource)
    {
        if (isOfSource)
            return SourceNotFinite(tensor);
        IEnumerable<int> adapters = tensor.Changes.SelectMany(change => change.Adapters);
        if (tensor.ReplacedBy is int replacing)
            adapters = adapters.Prepend(replacing);
        return Errors.ResultNotFinite(tensor.Name, tensor.DType, [.. adapters.Distinct().Select(_adapterPath)]);
    }

    /// <summary>
    /// Memory for some rows, always from the start of an allocation: to some kernels it matters how their numbers are aligned. The caller disposes the view.
    /// </summary>
    private Tensor Scratch(ScalarType dtype, long rows, long rowLength)
    {
        using var scope = NewDisposeScope();
        long count = rows * rowLength;
        if (!_scratch.TryGetValue(dtype, out Tensor? scratch) || scratch.NumberOfElements < count)
        {
            scratch?.Dispose();
            _scratch[dtype] = scratch = empty([count], dtype, _device).DetachFromDisposeScope();
        }
        return scratch.narrow(0, 0, count).view(rows, rowLength).MoveToOuterDisposeScope();
    }

    private void DisposeDeltas()
    {
        foreach (WeightDelta delta in _deltas)
            delta.Dispose();
        _deltas = [];
    }
}
