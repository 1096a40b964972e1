using LoraMerge.Checkpoints;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge.Comparing;

/// <summary>Compares what a merge computes with a merged model that is there already.</summary>
internal sealed class ComparisonSink(Checkpoint merged) : IBlockSink, IDisposable
{
    private readonly TensorFiles _files = new();
    private readonly SortedDictionary<string, (long Different, long LargestUlps)> _differences = new(StringComparer.Ordinal);
    private byte[] _there = [];

    /// <summary>Name of each tensor that differs, with the number of its elements that do and the largest distance in units of the last place.</summary>
    public IReadOnlyDictionary<string, (long Different, long LargestUlps)> Differences => _differences;

    public void Write(int shard, int index, PlannedTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        if (!merged.TryFind(tensor.Name, out TensorSource? source) || source is not StoredTensor stored || stored.DType != tensor.DType
            || stored.ByteLength != tensor.ByteLength)
            return; // named by the comparison of headers
        if (_there.Length < bytes.Length)
            _there = GC.AllocateUninitializedArray<byte>(bytes.Length);
        Span<byte> there = _there.AsSpan(0, bytes.Length);
        _files.ReadInto(stored, byteOffset, there);
        if (there.SequenceEqual(bytes))
            return;
        (long different, long largest) = _differences.GetValueOrDefault(tensor.Name);
        _differences[tensor.Name] = (different + (OutputDType.IsFloat(tensor.DType) ? ElementStatistics.CountDifferent(tensor.DType, there, bytes) : 1),
            Math.Max(largest, ElementStatistics.LargestUlps(tensor.DType, there, bytes)));
    }

    public void Dispose() => _files.Dispose();
}
