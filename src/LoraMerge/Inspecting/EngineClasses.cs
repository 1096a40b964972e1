using System.Collections.Frozen;
using System.Text.Json;

namespace LoraMerge.Inspecting;

/// <summary>The classes of models that engines read, by the engines' own tables: engines.json. A newer table is a newer file.</summary>
internal static class EngineClasses
{
    public const string Ollama = "Ollama's import";
    public const string OnnxBuilder = "ONNX Runtime GenAI's builder";
    public const string LlamaCpp = "llama.cpp's converter";

    private static readonly FrozenDictionary<string, Table> Tables = Read();

    /// <summary>When an engine's table was looked at.</summary>
    public static string AsOf(string engine) => Tables[engine].AsOf;

    public static bool Has(string engine, string architecture) => Tables[engine].Classes.Contains(architecture);

    private static FrozenDictionary<string, Table> Read()
    {
        using Stream stream = typeof(EngineClasses).Assembly.GetManifestResourceStream("LoraMerge.Inspecting.engines.json")!;
        using JsonDocument json = JsonDocument.Parse(stream);
        return json.RootElement.EnumerateObject().ToFrozenDictionary(
            engine => engine.Name,
            engine => new Table(
                engine.Value.GetProperty("asOf").GetString()!,
                engine.Value.GetProperty("classes").EnumerateArray().Select(name => name.GetString()!).ToFrozenSet(StringComparer.Ordinal)),
            StringComparer.Ordinal);
    }

    private sealed record Table(string AsOf, FrozenSet<string> Classes);
}
