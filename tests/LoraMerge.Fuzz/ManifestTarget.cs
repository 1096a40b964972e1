using LoraMerge.Diagnostics;
using LoraMerge.Reports;

namespace LoraMerge.Fuzz;

/// <summary>The manifest of a merged model, which is looked at and of which a page and data are made: the input is lora-merge.json.</summary>
internal static class ManifestTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        folder.Write("config.json", TinyModel.Config);
        folder.WriteWeights("model.safetensors", TinyModel.Weights);
        folder.Write("lora-merge.json", input);
        try
        {
            Merger.Inspect(folder.Path);
            MergeReport report = Merger.ReportOf(folder.Path);
            ReportPage.Of(report);
            report.ToJson();
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
