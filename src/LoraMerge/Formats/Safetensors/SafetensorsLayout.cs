using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;

namespace LoraMerge.Formats.Safetensors;

/// <summary>A model folder as transformers saves it: shards, their index, and the base's other files.</summary>
/// <param name="planned">The shards of its plan are the weight files.</param>
internal sealed class SafetensorsLayout(LayoutInputs planned) : ModelLayout
{
    public override MergePlan Plan => planned.Plan;

    public override IEnumerable<MergeEvent> Notes =>
        planned.Inputs.Request.KeepsQuantization ? [Diagnostics.Notes.NothingToKeep(planned.Inputs.Checkpoint.Path)] : [];

    public override bool TakesStoredTensors => true;

    public override long ByteLengthOf(MergePlan left) => left.ByteLength;

    public override string FingerprintOf(string fileName) =>
        Convert.ToHexStringLower(XxHash128.Hash(Plan.Shards.First(shard => shard.FileName == fileName).Layout().HeaderBytes.Span));

    public override IWeightSink OpenSink(MergePlan left, string folder, int? threads) => new ShardSink(left, folder);

    public override void WriteBeside(ModelFolder folder) => folder.WriteBeside(Plan, planned.Inputs.Checkpoint.Config);
}
