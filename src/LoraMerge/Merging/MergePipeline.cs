using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Planning;

namespace LoraMerge.Merging;

/// <summary>Reads, computes and writes over a fixed set of buffers: memory does not grow with the model.</summary>
internal sealed class MergePipeline
{
    private readonly MergePlan _plan;
    private readonly PipelineOptions _options;
    private readonly Action<long>? _progress;

    /// <param name="plan">What to do.</param>
    /// <param name="options">Device, threads and memory.</param>
    /// <param name="progress">Told the bytes that have reached the sink, block by block.</param>
    public MergePipeline(MergePlan plan, PipelineOptions options, Action<long>? progress)
    {
        _plan = plan;
        _options = options;
        _progress = progress;
    }

    /// <summary>Runs the whole plan into a sink.</summary>
    /// <inheritdoc cref="Run(TensorFiles, Action{MergedBlocks}, CancellationToken)"/>
    public IReadOnlyList<TensorOutcome> Run(TensorFiles baseFiles, IBlockSink sink, CancellationToken cancellation) =>
        Run(baseFiles, blocks => blocks.WriteTo(sink), cancellation);

    /// <summary>Runs the whole plan.</summary>
    /// <param name="baseFiles">Reads the base.</param>
    /// <param name="write">Takes all blocks.</param>
    /// <param name="cancellation">Stops the merge.</param>
    /// <returns>What was done to each computed tensor, in the plan's order.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1109 to LORA1111, LORA3013, LORA5004, LORA5005.</exception>
    public IReadOnlyList<TensorOutcome> Run(TensorFiles baseFiles, Action<MergedBlocks> write, CancellationToken cancellation)
    {
        var memory = MergeMemory.Of(_plan, _options.HeldBytes, _options.MaxMemory);
        using var pool = new BufferPool(memory.BufferCount, memory.Buffers.ElementsOf);
        using var merger = new TensorMerger(_options.Device, pool, _options.AdapterPath) { Meter = _options.IsMeasured ? new ChangeMeter() : null };
        if (memory.IsSideBySide)
            RunSideBySide(baseFiles, pool, merger, write, cancellation);
        else
            RunInTurns(baseFiles, pool, merger, write, cancellation);
        return merger.Outcomes;
    }

    private void RunSideBySide(TensorFiles files, BufferPool pool, TensorMerger merger, Action<MergedBlocks> write, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var read = new BlockingCollection<Block>(MergeMemory.QueueLength);
        using var computed = new BlockingCollection<Block>(MergeMemory.QueueLength);
        Exception? fault = null;
        Task[] stages =
        [
            Start(() => Fill(read, Blocks(files, pool, stop.Token), stop.Token), read),
            Start(() => Compute(merger, read, computed, stop.Token), computed),
            Start(() => Write(write, pool, computed.GetConsumingEnumerable(stop.Token), stop.Token), null),
        ];
        Task.WaitAll(stages, CancellationToken.None);
        if (fault is not null)
            ExceptionDispatchInfo.Throw(fault);

        // The first fault stops the other stages; theirs are only its echo.
        Task Start(Action stage, BlockingCollection<Block>? output) => Task.Factory.StartNew(() =>
        {
            try
            {
                stage();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref fault, e, null);
                stop.Cancel();
            }
            finally
            {
                output?.CompleteAdding();
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>With no block beside the one that is worked on; on this thread.</summary>
    private void RunInTurns(TensorFiles files, BufferPool pool, TensorMerger merger, Action<MergedBlocks> write, CancellationToken cancellation)
    {
        using var threads = new TorchThreads(_options.Threads);
        Write(write, pool, Blocks(files, pool, cancellation).Select(block => Computed(merger, block, cancellation)), cancellation);
    }

    /// <summary>All blocks of the plan, read.</summary>
    private IEnumerable<Block> Blocks(TensorFiles files, BufferPool pool, CancellationToken cancellation)
    {
        for (int shard = 0; shard < _plan.Shards.Length; shard++)
        {
            for (int index = 0; index < _plan.Shards[shard].Tensors.Length; index++)
            {
                PlannedTensor tensor = _plan.Shards[shard].Tensors[index];
                foreach ((long first, long count) in Block.Cut(tensor))
                {
                    BlockBuffer? buffer = count == 0 ? null : pool.Take(BlockBuffer.TypeFor(tensor.Source.DType), cancellation);
                    yield return Read(files, new Block(shard, index, tensor, first, count, buffer));
                }
            }
        }
    }

    private static void Fill(BlockingCollection<Block> output, IEnumerable<Block> blocks, CancellationToken cancellation)
    {
        foreach (Block block in blocks)
            output.Add(block, cancellation);
    }

    /// <summary>Fills the buffer of a block.</summary>
    internal static Block Read(TensorFiles files, Block block)
    {
        if (block.Buffer is null)
            return block;
        Span<byte> values = block.Buffer.Bytes[..block.SourceLength];
        if (block.Tensor is PlannedTensor.PassThrough copied)
            files.ReadInto(copied.Stored, block.First, values);
        else
            block.Tensor.Source.ReadInto(files, block.First * block.Tensor.RowLength, values);
        return block;
    }

    private void Compute(TensorMerger merger, BlockingCollection<Block> input, BlockingCollection<Block> output, CancellationToken cancellation)
    {
        using var threads = new TorchThreads(_options.Threads);
        Fill(output, input.GetConsumingEnumerable(cancellation).Select(block => Computed(merger, block, cancellation)), cancellation);
    }

    private static Block Computed(TensorMerger merger, Block block, CancellationToken cancellation) =>
        block.Tensor is PlannedTensor.Computed ? merger.Merge(block, cancellation) : block;

    private void Write(Action<MergedBlocks> write, BufferPool pool, IEnumerable<Block> input, CancellationToken cancellation)
    {
        using var blocks = new MergedBlocks(input, pool, _progress, cancellation);
        write(blocks);
    }
}
