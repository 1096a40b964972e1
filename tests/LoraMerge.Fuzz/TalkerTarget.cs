using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Fuzz;

/// <summary>
/// A base model that is laid out as GGUF, with its Modelfile: the input is its config.json, and behind zero bytes tokenizer.json and tokenizer_config.json.
/// </summary>
internal static class TalkerTarget
{
    private static readonly string[] s_names = ["config.json", "tokenizer.json", "tokenizer_config.json"];

    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        byte[] rest = input;
        foreach (string name in s_names)
        {
            int end = name == s_names[^1] ? -1 : Array.IndexOf(rest, (byte)0);
            folder.Write(name, end < 0 ? rest : rest[..end]);
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
        folder.WriteWeights("model.safetensors", TinyModel.TalkerWeights);
        folder.Write("adapter_config.json", TinyModel.AdapterConfig);
        folder.WriteWeights("adapter_model.safetensors", TinyModel.TalkerAdapterWeights);
        try
        {
            new Merger().Plan(new MergeRequest(folder.Path, [new AdapterRequest(folder.Path)]) { Format = "gguf", WritesModelfile = true, Name = "chat" });
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
