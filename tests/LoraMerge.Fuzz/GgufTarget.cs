using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Restoring;

namespace LoraMerge.Fuzz;

/// <summary>A GGUF file that is turned back into a Hugging Face model: the input is the file.</summary>
internal static class GgufTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        try
        {
            using GgufModel model = GgufModel.Open(folder.Write("model.gguf", input));
            RestoredModel.Of(model);
            return true;
        }
        catch (Exception e) when (e is GgufFormatException or GgufLayoutException)
        {
            return false;
        }
    }
}
