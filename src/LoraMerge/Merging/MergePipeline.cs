using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Planning;

namespace LoraMerge.Merging;

/// <summary>Reads, computes and writes side by side over a fixed set of buffers: memory does not grow with the model.</summary>
internal sealed class MergePipeline
{
    private const int QueueLength = 2;

    /// <summary>
    /// Buffers of a dtype, so that no stage waits for another one's: one being read, those that wait, one being computed;
    /// its result, those that wait, one being written.
    /// </summary>
    private const int BufferCount = (2 * QueueLength) + 4;

    private readonly MergePlan _plan;
    private readonly PipelineOptions _options;
    private readonly Action<long>? _progress;

    /// <param name="plan">What to do.</param>
    /// <param name="options">Device and sizes.</param>
    /// <param name="progress">Told the bytes that have reached the sink, block by block.</param>
    public MergePipeline(MergePlan plan, PipelineOptions options, Action<long>? progress)
    {
        _plan = plan;
        _options = options;
        _progress = progress;
    }

    /// <summary>
    /// About how many bytes a run of this plan holds: the runtime, libtorch, the buffers, and what the changes of one tensor take beside them; tensors come
    /// one after another.
    /// </summary>
    public static long MemoryBytes(MergePlan plan, long blockElements)
    {
        long elements = BufferElements(plan, blockElements);
        return PipelineOptions.FixedBytes + (elements * PipelineOptions.BytesPerElement)
            + plan.Tensors.OfType<PlannedTensor.Computed>().Select(tensor => ChangeMemory.BytesOf(tensor)).DefaultIfEmpty(0).Max();
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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var pool = new BufferPool(BufferCount, BufferElements(_plan, _options.BlockElements));
        using var merger = new TensorMerger(_options.Device, pool, _options.AdapterPath) { Meter = _options.IsMeasured ? new ChangeMeter() : null };
        using var read = new BlockingCollection<Block>(QueueLength);
        using var computed = new BlockingCollection<Block>(QueueLength);
        Exception? fault = null;
        Task[] stages =
        [
            Start(() => Read(baseFiles, pool, read, stop.Token), read),
            Start(() => Compute(merger, read, computed, stop.Token), computed),
            Start(() => Write(write, pool, computed, stop.Token), null),
        ];
        Task.WaitAll(stages, CancellationToken.None);
        if (fault is not null)
            ExceptionDispatchInfo.Throw(fault);
        return merger.Outcomes;

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

    private void Read(TensorFiles files, BufferPool pool, BlockingCollection<Block> output, CancellationToken cancellation)
    {
        for (int shard = 0; shard < _plan.Shards.Length; shard++)
        {
            for (int index = 0; index < _plan.Shards[shard].Tensors.Length; index++)
            {
                PlannedTensor tensor = _plan.Shards[shard].Tensors[index];
                foreach ((long first, long count) in Block.Cut(tensor, pool.ElementCount))
                    output.Add(
                        Read(
                            files,
                            new Block(shard, index, tensor, first, count, count == 0 ? null : pool.Take(BlockBuffer.TypeFor(tensor.Source.DType), cancellation))
                        ),
                        cancellation
                    );
            }
        }
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
        foreach (Block block in input.GetConsumingEnumerable(cancellation))
            output.Add(block.Tensor is PlannedTensor.Computed ? merger.Merge(block, cancellation) : block, cancellation);
    }

    private void Write(Action<MergedBlocks> write, BufferPool pool, BlockingCollection<Block> input, CancellationToken cancellation)
    {
        using var blocks = new MergedBlocks(input.GetConsumingEnumerable(cancellation), pool, _progress, cancellation);
        write(blocks);
    }

    /// <summary>A group of rows is never cut, so a buffer holds at least the largest.</summary>
    internal static long BufferElements(MergePlan plan, long blockElements) => Math.Max(
        Math.Min(blockElements, plan.Tensors.Select(tensor => Math.Max(tensor.Source.ElementCount, 1)).DefaultIfEmpty(1).Max()),
        plan.Tensors.OfType<PlannedTensor.Computed>().Select(tensor => tensor.GroupLength).DefaultIfEmpty(1).Max());
}
