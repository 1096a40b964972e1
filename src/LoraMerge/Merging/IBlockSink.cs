using LoraMerge.Planning;

namespace LoraMerge.Merging;

/// <summary>Where the bytes of a merged model go: into files, or into a comparison with files that are there already.</summary>
internal interface IBlockSink
{
    /// <summary>Takes bytes of a tensor; called in the order of the plan's shards, tensors and bytes, by one thread.</summary>
    void Write(int shard, int index, PlannedTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes);
}
