using System.Collections.Immutable;
using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>
/// A base and two adapters of little size whose merge takes a minute: combined by <c>ties_svd</c>, which takes a large matrix apart. With any other way they
/// are merged at once.
/// </summary>
internal static class SlowModel
{
    private const int Width = 3072;
    private const int Rank = 2;
    private const int LayerCount = 4;

    /// <summary>Items that merge for a minute, if nobody stops them.</summary>
    public const string SlowItems =
        """
        <LoraBaseModel Include="models/base" Combine="ties_svd" Density="0.5" />
        <LoraAdapter Include="adapters/pirate" /><LoraAdapter Include="adapters/parrot" />
        """;

    /// <summary>Items of the same files that merge at once.</summary>
    public static string QuickItems(string weight) =>
        $"""<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/pirate" Weight="{weight}" /><LoraAdapter Include="adapters/parrot" />""";

    public static void WriteTo(TestProject project)
    {
        string config = File.ReadAllText(project.PathOf("models/base/config.json"));
        project.Write("models/base/config.json", config.Replace("\"hidden_size\": 32", $"\"hidden_size\": {Width}", StringComparison.Ordinal));
        WriteTensors(project.PathOf("models/base/model.safetensors"), layer => [($"model.layers.{layer}.self_attn.q_proj.weight", [Width, Width])], seed: 1);
        project.CopyFixture("adapter", "adapters/parrot");
        foreach ((string name, int seed) in (ReadOnlySpan<(string, int)>)[("pirate", 2), ("parrot", 3)])
        {
            string path = project.PathOf($"adapters/{name}/adapter_config.json");
            string text = File.ReadAllText(path);
            int targets = text.IndexOf("\"target_modules\": [", StringComparison.Ordinal);
            text = text[..targets] + "\"target_modules\": [\"q_proj\"]" + text[(text.IndexOf(']', targets) + 1)..];
            File.WriteAllText(path, text.Replace("\"r\": 4", $"\"r\": {Rank}", StringComparison.Ordinal));
            const string Prefix = "base_model.model.model.layers.";
            WriteTensors(
                project.PathOf($"adapters/{name}/adapter_model.safetensors"),
                layer =>
                    [($"{Prefix}{layer}.self_attn.q_proj.lora_A.weight", [Rank, Width]), ($"{Prefix}{layer}.self_attn.q_proj.lora_B.weight", [Width, Rank])],
                seed
            );
        }
    }

    private static void WriteTensors(string path, Func<int, (string Name, long[] Shape)[]> tensorsOf, int seed)
    {
        var random = new Random(seed);
        WeightFile.Write(
            path,
            Enumerable.Range(0, LayerCount).SelectMany(tensorsOf).Select(tensor => (tensor.Name, DType.BF16, tensor.Shape.ToImmutableArray())),
            (_, _, bytes) =>
            {
                random.NextBytes(bytes);
                // Exponents of numbers near 0.01.
                for (int i = 1; i < bytes.Length; i += 2)
                    bytes[i] = (byte)((bytes[i] & 0x80) | 0x3C);
            }
        );
    }
}
