using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Quantized;

namespace LoraMerge.Formats.Requantized;

/// <summary>Makes the bytes of weight files that stay quantised of merged blocks, front to back; and counts how much of each delta is left.</summary>
/// <param name="layout">The files.</param>
internal sealed class RequantizedBytes(RequantizedLayout layout)
{
    private const int PieceLength = 1 << 20;

    private readonly SortedDictionary<string, double> _keptShares = new(StringComparer.Ordinal);

    /// <summary>Takes bytes of a tensor of a file, from an offset on.</summary>
    public delegate void Write(WrittenTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes);

    /// <summary>For each weight that was changed, <c>⟨ΔW′, ΔW⟩ / ‖ΔW‖²</c>.</summary>
    public IReadOnlyDictionary<string, double> KeptShares => _keptShares;

    /// <param name="left">The files to make.</param>
    /// <param name="blocks">What is computed for them.</param>
    /// <param name="begin">Told each file.</param>
    /// <param name="write">Takes its bytes.</param>
    /// <param name="end">Told that it is whole.</param>
    public void Run(MergePlan left, MergedBlocks blocks, Action<PlannedShard> begin, Write write, Action<PlannedShard> end)
    {
        using var files = new TensorFiles();
        foreach (PlannedShard shard in left.Shards)
        {
            begin(shard);
            var encoders = new Dictionary<string, WeightEncoder>(StringComparer.Ordinal);
            foreach (WrittenTensor tensor in layout.Files[shard.FileName])
            {
                if (tensor.From is null)
                {
                    Take(blocks, tensor.Tensor, (offset, bytes) => write(tensor, offset, bytes));
                    continue;
                }
                if (!encoders.TryGetValue(tensor.From.Name, out WeightEncoder? encoder))
                    encoders[tensor.From.Name] = encoder = Encode(blocks, tensor.From, files);
                write(tensor, 0, encoder.BytesOf((StoredTensor)tensor.Tensor.Source));
                if (IsLast(tensor, shard))
                    encoders.Remove(tensor.From.Name);
            }
            end(shard);
        }
        blocks.Next(); // the fault of a stage before, if there is one
    }

    /// <summary>Whether no other part of its weight follows in the file.</summary>
    private bool IsLast(WrittenTensor tensor, PlannedShard shard) =>
        layout.Files[shard.FileName].Last(other => other.From?.Name == tensor.From!.Name) == tensor;

    private static void Take(MergedBlocks blocks, PlannedTensor tensor, TakeBytes take)
    {
        for (long left = tensor.ByteLength; left > 0;)
        {
            ThrowIfEnded(blocks.Next());
            take(blocks.Current.ResultOffset, blocks.Bytes);
            left -= blocks.Bytes.Length;
        }
    }

    private static void ThrowIfEnded(bool isThere)
    {
        if (!isThere)
            throw new InvalidOperationException("There are fewer blocks than the plan has.");
    }

    private WeightEncoder Encode(MergedBlocks blocks, PlannedTensor.Computed weight, TensorFiles files)
    {
        QuantizedTensor ofBase = layout.BaseOf(weight);
        WeightEncoder encoder = ofBase.Codec.OpenEncoder(files);
        float[] values = new float[Math.Min(ofBase.Codec.UnitLength, weight.Source.ElementCount)], decoded = new float[values.Length];
        var sums = new Sums();
        long first = 0;
        int filled = 0;
        Take(blocks, weight, (_, bytes) =>
        {
            ReadOnlySpan<float> merged = MemoryMarshal.Cast<byte, float>(bytes);
            while (!merged.IsEmpty)
            {
                int taken = Math.Min(merged.Length, values.Length - filled);
                merged[..taken].CopyTo(values.AsSpan(filled));
                merged = merged[taken..];
                filled += taken;
                if (filled < values.Length && first + filled < weight.Source.ElementCount)
                    continue;
                encoder.Encode(first, values.AsSpan(0, filled), decoded.AsSpan(0, filled));
                sums.Add(ofBase, files, first, values.AsSpan(0, filled), decoded);
                first += filled;
                filled = 0;
            }
        });
        if (sums.Share is double share)
            _keptShares[weight.Name] = share;
        return encoder;
    }

    private delegate void TakeBytes(long byteOffset, ReadOnlySpan<byte> bytes);

    /// <summary>Products of what was wanted and what came of it.</summary>
    private sealed class Sums
    {
        private readonly float[] _base = new float[PieceLength];
        private double _product, _square;

        /// <summary>Null where nothing was changed.</summary>
        public double? Share => _square > 0 ? _product / _square : null;

        public void Add(QuantizedTensor ofBase, TensorFiles files, long first, ReadOnlySpan<float> wanted, ReadOnlySpan<float> made)
        {
            for (int begin = 0; begin < wanted.Length; begin += PieceLength)
            {
                Span<float> before = _base.AsSpan(0, Math.Min(PieceLength, wanted.Length - begin));
                ofBase.ReadInto(files, first + begin, MemoryMarshal.AsBytes(before));
                for (int i = 0; i < before.Length; i++)
                {
                    double delta = (double)wanted[begin + i] - before[i];
                    _product += ((double)made[begin + i] - before[i]) * delta;
                    _square += delta * delta;
                }
            }
        }
    }
}
