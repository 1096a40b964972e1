using System.Text;
using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Faults.Scenes;

/// <summary>A base of a few hundred bytes in two weight files, and two adapters, of which one brings a file along that the other does not have.</summary>
internal static class TinyInputs
{
    /// <summary>Relative path of the base's weights in one file.</summary>
    public const string SingleFile = "single/model.safetensors";

    /// <summary>Other bytes for some of them, each as many as it has now.</summary>
    public static IEnumerable<(string Path, byte[] Bytes)> Changes(string folder)
    {
        foreach (string path in (string[])["base/config.json", "base/model-00001-of-00002.safetensors", "base/tokenizer.json", "second/adapter_config.json",
            "second/adapter_model.safetensors", "second/chat_template.jinja"])
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(folder, path));
            string text = Encoding.UTF8.GetString(bytes);
            yield return (path, Path.GetExtension(path) == ".safetensors"
                ? [.. bytes[..^2], (byte)(bytes[^2] ^ 64), bytes[^1]]
                : Encoding.UTF8.GetBytes(text.Replace("\"vocab_size\": 8", "\"vocab_sizf\": 8", StringComparison.Ordinal)
                    .Replace("1.0", "1.1", StringComparison.Ordinal).Replace("\"lora_alpha\":4", "\"lora_alpha\":8", StringComparison.Ordinal)
                    .Replace("second", "zecond", StringComparison.Ordinal)));
        }
    }

    /// <summary>Writes <c>base</c>, the same in a single file, <c>first</c> and <c>second</c>, old enough for their times to be trusted.</summary>
    public static void WriteTo(string folder)
    {
        TinyCheckpoint.Llama().InShards(2).File("processor/preprocessor_config.json", "{ }\n").WriteTo(Path.Combine(folder, "base"));
        TinyCheckpoint.Llama().WriteTo(Path.Combine(folder, Path.GetDirectoryName(SingleFile)!));
        TinyAdapter.ForLlama().File("special_tokens_map.json", "{ \"of\": \"first\" }\n").WriteTo(Path.Combine(folder, "first"));
        TinyAdapter.ForLlama()
            .With("model.layers.0.self_attn.q_proj.lora_A.weight", DType.F32, [2, 4], 1, -1, 0.5, 0.25, -0.5, 1, 0.75, -1)
            .File("chat_template.jinja", "{{ second }}\n")
            .WriteTo(Path.Combine(folder, "second"));
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1));
    }
}
