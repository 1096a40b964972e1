using System.Text.Json;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Architectures;

/// <summary>How the vectors of a text's tokens become one, in the files of sentence-transformers: <c>modules.json</c> and the module's own config.</summary>
internal static class Pooling
{
    private static readonly (string Field, string Mode, long Number)[] Ways =
    [
        ("pooling_mode_mean_tokens", "mean", 1), ("pooling_mode_cls_token", "cls", 2), ("pooling_mode_lasttoken", "lasttoken", 3),
    ];

    /// <summary>GGUF's number of the way; null where no file says one that readers know.</summary>
    public static long? Find(SideFiles files)
    {
        JsonElement? module = files.List("modules.json")
            .Where(module => module.Text("type")?.EndsWith("Pooling", StringComparison.Ordinal) == true)
            .Select(module => (JsonElement?)module)
            .FirstOrDefault();
        if (module?.Text("path") is not { } folder || files.Json($"{folder}/config.json") is not { } config)
            return null;
        return Ways.Where(way => config.Flag(way.Field) == true || config.Text("pooling_mode") == way.Mode)
            .Select(way => (long?)way.Number)
            .FirstOrDefault();
    }
}
