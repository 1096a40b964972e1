using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>The files of a form: a base model and its adapters, as the engine reads them.</summary>
internal sealed class FormFolder : IDisposable
{
    private const string Prefix = "base_model.model.";

    private readonly string _folder = Directory.CreateTempSubdirectory("lora-merge-benchmark-").FullName;

    public FormFolder(Form form)
    {
        string baseFolder = Directory.CreateDirectory(Path.Combine(_folder, "base")).FullName;
        File.WriteAllText(Path.Combine(baseFolder, "config.json"), form.Config);
        RandomModel.WriteFile(Path.Combine(baseFolder, "model.safetensors"), form.Base.Select(tensor => (tensor.Name, DType.BF16, tensor.Shape)), seed: 0);
        Request = new MergeRequest(baseFolder, [.. form.Adapters.Select(Write)]) { Device = "cpu", Combination = form.Combination };
    }

    public MergeRequest Request { get; }

    /// <summary>What PEFT writes before the name of a module, but not before what all modules share.</summary>
    public static string NameOf(FormAdapter adapter, NamedShape tensor) =>
        adapter.IsMlx || tensor.Name.StartsWith("base_model.", StringComparison.Ordinal) ? tensor.Name : Prefix + tensor.Name;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private AdapterRequest Write(FormAdapter adapter, int index)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, $"adapter{index}")).FullName;
        JsonObject config = adapter.IsMlx
            ? new JsonObject
            {
                ["fine_tune_type"] = "lora",
                ["num_layers"] = -1,
                ["lora_parameters"] = new JsonObject
                {
                    ["rank"] = Form.Rank,
                    ["dropout"] = 0.0,
                    ["scale"] = Form.Scaling,
                },
            }
            : new JsonObject
            {
                ["peft_type"] = "LORA",
                ["r"] = Form.Rank,
                ["lora_alpha"] = Form.Scaling * Form.Rank,
                ["peft_version"] = adapter.Release is null ? "0.21.2" : null,
            };
        foreach ((string name, JsonNode? value) in JsonNode.Parse("{" + adapter.Fields + "}")!.AsObject())
            config[name] = value?.DeepClone();
        foreach (string name in config.Where(field => field.Value is null).Select(field => field.Key).ToArray())
            config.Remove(name);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config.ToJsonString());
        var values = new RandomValues(index + 1);
        Dictionary<string, NamedShape> tensors = adapter.Tensors.ToDictionary(tensor => NameOf(adapter, tensor));
        WeightFile.Write(
            Path.Combine(folder, adapter.IsMlx ? "adapters.safetensors" : "adapter_model.safetensors"),
            tensors.Select(tensor => (tensor.Key, DType.F32, tensor.Value.Shape)),
            (tensor, offset, bytes) => Fill(tensors[tensor.Name], offset / sizeof(float), MemoryMarshal.Cast<byte, float>(bytes), values)
        );
        return new AdapterRequest(folder, adapter.Weight) { AdapterVersion = adapter.Release };
    }

    private static void Fill(NamedShape tensor, long first, Span<float> numbers, RandomValues values)
    {
        values.Fill(MemoryMarshal.AsBytes(numbers), DType.F32);
        for (int i = 0; tensor.NumberAt is not null && i < numbers.Length; i++)
            numbers[i] = tensor.NumberAt(first + i, numbers[i]);
    }
}
