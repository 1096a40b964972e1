using System.IO.Hashing;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Planning;

namespace LoraMerge.Formats.Safetensors;

/// <summary>A model folder as transformers saves it: shards, their index, and the base's other files.</summary>
/// <param name="plan">The plan itself: its shards are the weight files.</param>
/// <param name="config">The base's configuration.</param>
internal sealed class SafetensorsLayout(MergePlan plan, ModelConfig config) : ModelLayout
{
    public override MergePlan Plan => plan;

    public override long ByteLengthOf(MergePlan left) => left.ByteLength;

    public override bool TakesStoredTensors => true;

    public override string FingerprintOf(string fileName) =>
        Convert.ToHexStringLower(XxHash128.Hash(plan.Shards.First(shard => shard.FileName == fileName).Layout().HeaderBytes.Span));

    public override IWeightSink OpenSink(MergePlan left, string folder, int? threads) => new ShardSink(left, folder);

    public override void WriteBeside(ModelFolder folder)
    {
        foreach (SideFile file in plan.SideFiles)
        {
            if (plan.ChangedBytes(file, config) is byte[] changed)
                folder.Write(file.RelativePath, changed);
            else
                folder.Copy(file.Source, file.RelativePath);
        }
        if (plan.IndexName is string index)
            WriteIndex(folder, index);
    }

    private void WriteIndex(ModelFolder folder, string name)
    {
        if (plan.IndexSource is string source)
            folder.Copy(source, name);
        else
            folder.Write(name, CheckpointIndex.ToBytes(
                plan.ByteLength,
                plan.Shards.SelectMany(shard => shard.Tensors.Select(tensor => KeyValuePair.Create(tensor.Name, shard.FileName)))));
    }
}
