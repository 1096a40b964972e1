using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tokenizers;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Golden;

/// <summary>
/// Base and adapter merged in float64 by the plain formula, without the engine: W + alpha / r · B · A, and saved modules in the place of the base's.
/// </summary>
internal sealed class ExactMerge
{
    private readonly Dictionary<string, (DType DType, Numbers Tensor)> _tensors;
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly string _baseFolder;
    private readonly string _adapterFolder;
    private readonly JsonObject _config;

    public ExactMerge(string baseFolder, string adapterFolder)
    {
        _baseFolder = baseFolder;
        _adapterFolder = adapterFolder;
        _tensors = Numbers.ReadAll(Path.Combine(baseFolder, "model.safetensors"));
        _config = JsonNode.Parse(File.ReadAllText(Path.Combine(baseFolder, "config.json")))!.AsObject();
        JsonNode adapter = JsonNode.Parse(File.ReadAllText(Path.Combine(adapterFolder, "adapter_config.json")))!;
        Apply(Numbers.ReadAll(Path.Combine(adapterFolder, "adapter_model.safetensors")), adapter);
    }

    public bool IsChanged(string name) => _changed.Contains(name);

    public DType DTypeOf(string name) => _tensors[name].DType;

    public Numbers this[string name] => _tensors[name].Tensor;

    /// <summary>The merged model as the layout wants it.</summary>
    public GgufSource Source
    {
        get
        {
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (string folder in (string[])[_baseFolder, _adapterFolder])
            {
                foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(
                    path => !Path.GetFileName(path).StartsWith("adapter_", StringComparison.Ordinal)))
                    files[Path.GetRelativePath(folder, path).Replace('\\', '/')] = path;
            }

            using var config = JsonDocument.Parse(_config.ToJsonString());
            return new GgufSource(
                config.RootElement.Clone(),
                [.. _tensors.Select(pair => new SourceTensor(pair.Key, pair.Value.DType, [.. pair.Value.Tensor.Shape]))],
                new SideFiles(files),
                [SideFiles.OfFolder(_adapterFolder), SideFiles.OfFolder(_baseFolder)],
                new GgufMetadata { { "general.name", "golden" } });
        }
    }

    /// <summary>Rows of a merged tensor, rounded to float32.</summary>
    public void Read(SourceTensor tensor, long firstRow, int rowCount, Span<float> destination)
    {
        Numbers numbers = this[tensor.Name];
        Assert.Equal(rowCount * numbers.RowLength, destination.Length);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = (float)numbers.Values[(firstRow * numbers.RowLength) + i];
    }

    private void Apply(Dictionary<string, (DType DType, Numbers Tensor)> adapter, JsonNode config)
    {
        double scaling = config["lora_alpha"]!.GetValue<double>() / config["r"]!.GetValue<double>();
        bool isTurned = config["fan_in_fan_out"]?.GetValue<bool>() ?? false;
        const string prefix = "base_model.model.", a = ".lora_A.weight", b = ".lora_B.weight";
        foreach ((string key, (DType _, Numbers tensor)) in adapter)
        {
            string name = key[prefix.Length..];
            if (name.EndsWith(a, StringComparison.Ordinal))
                Add(name[..^a.Length] + ".weight", tensor, adapter[key[..^a.Length] + b].Tensor, scaling, isTurned);
            else if (!name.EndsWith(b, StringComparison.Ordinal))
                Replace(name, tensor);
        }
    }

    private void Replace(string name, Numbers tensor)
    {
        _tensors[name] = (_tensors[name].DType, tensor);
        _changed.Add(name);
    }

    private void Add(string name, Numbers a, Numbers b, double scaling, bool isTurned)
    {
        if (!_tensors.TryGetValue(name, out (DType, Numbers) stored)) // the head of a tied model
        {
            Assert.Equal("lm_head.weight", name);
            stored = _tensors["model.embed_tokens.weight"];
            _config["tie_word_embeddings"] = false;
        }

        (DType dtype, Numbers weight) = stored;
        long outputs = b.Shape[0], inputs = a.Shape[1], rank = a.Shape[0];
        double[] values = [.. weight.Values];
        for (long o = 0; o < outputs; o++)
        {
            for (long i = 0; i < inputs; i++)
            {
                double sum = 0;
                for (long k = 0; k < rank; k++)
                    sum += b.Values[(o * rank) + k] * a.Values[(k * inputs) + i];
                values[isTurned ? (i * outputs) + o : (o * inputs) + i] += scaling * sum;
            }
        }

        _tensors[name] = (dtype, weight with { Values = values });
        _changed.Add(name);
    }
}
