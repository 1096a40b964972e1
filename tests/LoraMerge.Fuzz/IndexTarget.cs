using LoraMerge.Diagnostics;
using LoraMerge.Quantized;

namespace LoraMerge.Fuzz;

/// <summary>model.safetensors.index.json beside two weight files: the input is the index.</summary>
internal static class IndexTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        folder.WriteWeights("model-00001-of-00002.safetensors", TinyModel.FirstHalf);
        folder.WriteWeights("model-00002-of-00002.safetensors", TinyModel.SecondHalf);
        folder.Write("model.safetensors.index.json", input);
        try
        {
            BaseModels.Open(folder.Path);
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
