using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;

namespace LoraMerge.Fuzz;

/// <summary>A base model that a sound adapter is planned into: the input is its config.json.</summary>
internal static class ConfigTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        folder.WriteWeights("model.safetensors", TinyModel.Weights);
        folder.Write("config.json", input);
        folder.Write("adapter_config.json", TinyModel.AdapterConfig);
        folder.WriteWeights("adapter_model.safetensors", TinyModel.AdapterWeights);
        try
        {
            Checkpoint checkpoint = Checkpoint.Open(folder.Path);
            _ = OutputDType.TryParse("float32", out OutputDType dtype);
            PlannedMerge merge = new Merger().Plan(new MergeRequest(folder.Path, [new AdapterRequest(folder.Path)]) { DType = dtype });
            ModelConfig.Read(folder.Write("changed.json", checkpoint.Config.With(merge.Plan.ConfigChanges)));
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
