using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Quantized;
using LoraMerge.Requests;

namespace LoraMerge.Fuzz;

/// <summary>
/// A base model that a sound adapter is planned into: the input is its config.json, and behind a zero byte, if there is one, the header of its weights.
/// </summary>
internal static class ConfigTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        int split = Array.IndexOf(input, (byte)0);
        folder.Write("config.json", split < 0 ? input : input.AsSpan(0, split));
        folder.WriteWeights("model.safetensors", split < 0 ? TinyModel.Weights : input.AsSpan(split + 1));
        folder.Write("adapter_config.json", TinyModel.BroadAdapterConfig);
        folder.WriteWeights("adapter_model.safetensors", TinyModel.BroadAdapterWeights);
        try
        {
            Checkpoint checkpoint = BaseModels.Open(folder.Path);
            _ = OutputDType.TryParse("float32", out OutputDType dtype);
            PlannedMerge merge = new Merger().Plan(new MergeRequest(folder.Path, [new AdapterRequest(folder.Path)]) { DType = dtype, AcceptsUnmatched = true });
            ModelConfig.Read(folder.Write("changed.json", checkpoint.Config.With(merge.Plan.ConfigChanges)));
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
