using System.Diagnostics;
using LoraMerge.Checkpoints;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Requests;
using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>The engine's arithmetic of a form, over blocks in memory: what a merge does between its reader and its writer.</summary>
/// <remarks>Reading the adapter's tensors, and the base again where a formula has to see it first, is part of it; the files are in the system's
/// cache.</remarks>
internal sealed class EngineRun : IDisposable
{
    private readonly MergePlan _plan;
    private readonly PlannedTensor.Computed[] _tensors;
    private readonly byte[][] _sources;
    private readonly Dictionary<string, Tensor> _results = [];

    public EngineRun(Form form, OpenedInputs inputs)
    {
        _plan = inputs.Plan();
        _tensors = [.. _plan.Tensors.OfType<PlannedTensor.Computed>().Where(tensor => form.Measured is null || tensor.Name == form.Measured)];
        using var files = new TensorFiles();
        _sources = [.. _tensors.Select(tensor => Bytes(tensor.Source.Parts[0], files))];
    }

    public long ElementCount => _tensors.Sum(tensor => tensor.Source.ElementCount);

    /// <summary>Values of each merged tensor after a run that keeps them, bfloat16, one-dimensional.</summary>
    public IReadOnlyDictionary<string, Tensor> Results => _results;

    /// <summary>Buffers and arithmetic for several runs.</summary>
    public Session Open(int buffers) => new(this, buffers);

    public void Dispose()
    {
        foreach (Tensor result in _results.Values)
            result.Dispose();
    }

    private static byte[] Bytes(StoredTensor stored, TensorFiles files)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)stored.ByteLength));
        files.ReadInto(stored, 0, bytes);
        return bytes;
    }

    /// <summary>A pool and a merger, which a merge has for the whole model.</summary>
    internal sealed class Session : IDisposable
    {
        private readonly EngineRun _run;
        private readonly BufferPool _pool;
        private readonly TensorMerger _merger;

        public Session(EngineRun run, int buffers)
        {
            _run = run;
            _pool = new BufferPool(buffers, new BufferSizes(run._plan).ElementsOf);
            _merger = new TensorMerger(CPU, _pool, _ => "adapter");
        }

        /// <summary>Milliseconds of the arithmetic; what fills and empties the buffers is not counted.</summary>
        public double Run(bool keepsResults = false)
        {
            TimeSpan time = default;
            for (int i = 0; i < _run._tensors.Length; i++)
            {
                foreach (Block block in Blocks(i))
                {
                    long start = Stopwatch.GetTimestamp();
                    Block merged = _merger.Merge(block, CancellationToken.None);
                    time += Stopwatch.GetElapsedTime(start);
                    if (keepsResults)
                        Keep(merged);
                    _pool.Return(merged.Buffer!);
                }
            }
            _merger.Outcomes.Clear();
            return time.TotalMilliseconds;
        }

        public void Dispose()
        {
            _merger.Dispose();
            _pool.Dispose();
        }

        private IEnumerable<Block> Blocks(int index)
        {
            PlannedTensor.Computed tensor = _run._tensors[index];
            foreach ((long first, long count) in Block.Cut(tensor))
            {
                var block = new Block(0, index, tensor, first, count, _pool.Take(tensor.Source.DType, CancellationToken.None));
                int length = block.SourceLength;
                _run._sources[index].AsSpan(checked((int)(first * (length / count))), length).CopyTo(block.Buffer!.Bytes);
                yield return block;
            }
        }

        private void Keep(Block merged)
        {
            if (!_run._results.TryGetValue(merged.Tensor.Name, out Tensor? result))
                _run._results[merged.Tensor.Name] = result = empty([merged.Tensor.Source.ElementCount], ScalarType.BFloat16).DetachFromDisposeScope();
            merged.Buffer!.Bytes[..merged.ResultLength].CopyTo(result.bytes[(int)merged.ResultOffset..]);
        }
    }
}
