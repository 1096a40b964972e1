using LoraMerge.Cli;
using LoraMerge.Diagnostics;
using LoraMerge.Inspecting;
using LoraMerge.Requests;

namespace LoraMerge.Fuzz;

/// <summary>
/// An adapter of PEFT or mlx_lm, inspected and planned into a sound base: the input is adapter_config.json, and behind a zero byte, if there is one, the
/// header of its weights.
/// </summary>
internal static class AdapterTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        int split = Array.IndexOf(input, (byte)0);
        folder.Write("adapter_config.json", split < 0 ? input : input.AsSpan(0, split));
        ReadOnlySpan<byte> header = split < 0 ? TinyModel.AdapterWeights : input.AsSpan(split + 1);
        folder.WriteWeights("adapter_model.safetensors", header);
        folder.WriteWeights("adapters.safetensors", header);
        folder.WriteWeights("model.safetensors", TinyModel.Weights);
        folder.Write("config.json", TinyModel.Config);
        try
        {
            Inspection inspection = Merger.Inspect(folder.Path);
            InspectionReport.ToText(inspection);
            InspectionReport.ToJson(inspection);
            var report = new PlanReport(new Merger().Plan(new MergeRequest(folder.Path, [new AdapterRequest(folder.Path)]) { AcceptsUnmatched = true }));
            report.ToText();
            report.ToJson("");
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
