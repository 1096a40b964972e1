using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary>An adapter in code: chosen tensors and a config, written to a folder.</summary>
internal sealed class TinyAdapter
{
    private const string Prefix = "base_model.model.";

    private readonly List<TinyTensor> _tensors = [];
    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);
    private JsonObject _config = [];
    private readonly int _rank;

    private TinyAdapter(int rank) => _rank = rank;

    /// <summary>A LoRA adapter without any module; alpha is twice the rank.</summary>
    public static TinyAdapter Lora(int rank = 2) =>
        new(rank)
        {
            _config = new JsonObject
            {
                ["peft_type"] = "LORA",
                ["r"] = rank,
                ["lora_alpha"] = 2 * rank,
                ["base_model_name_or_path"] = "tiny/llama",
                ["corda_config"] = null,
            },
        };

    /// <summary>A LoRA adapter on some layers of <see cref="TinyCheckpoint.Llama"/>.</summary>
    public static TinyAdapter ForLlama(int rank = 2) => Lora(rank)
        .Module("model.layers.0.self_attn.q_proj", 4, 4)
        .Module("model.layers.1.mlp.up_proj", 6, 4);

    /// <summary>A and B of one linear layer.</summary>
    public TinyAdapter Module(string path, long outFeatures, long inFeatures, DType dtype = DType.F32) => this
        .Filled($"{path}.lora_A.weight", dtype, _rank, inFeatures)
        .Filled($"{path}.lora_B.weight", dtype, outFeatures, _rank);

    /// <param name="name">Without the prefix that PEFT writes before every name.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <param name="shape">Its shape.</param>
    public TinyAdapter Filled(string name, DType dtype, params long[] shape) => Add(TinyTensor.Filled(Prefix + name, dtype, shape));

    /// <param name="name">Without the prefix that PEFT writes before every name.</param>
    /// <param name="dtype">Its dtype.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="values">Its values.</param>
    public TinyAdapter With(string name, DType dtype, long[] shape, params double[] values) => Add(TinyTensor.Of(Prefix + name, dtype, shape, values));

    public TinyAdapter Without(string name)
    {
        _tensors.RemoveAll(tensor => tensor.Name == Prefix + name);
        return this;
    }

    public TinyAdapter Config(string field, JsonNode? value)
    {
        _config[field] = value;
        return this;
    }

    public TinyAdapter WithoutConfig(string field)
    {
        _config.Remove(field);
        return this;
    }

    public TinyAdapter File(string name, string contents)
    {
        _files[name] = contents;
        return this;
    }

    /// <returns>The folder.</returns>
    public string WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        TinyTensor.Write(Path.Combine(folder, "adapter_model.safetensors"), _tensors);
        System.IO.File.WriteAllText(Path.Combine(folder, "adapter_config.json"), _config.ToJsonString());
        foreach ((string name, string contents) in _files)
            System.IO.File.WriteAllText(Path.Combine(folder, name), contents);
        return folder;
    }

    private TinyAdapter Add(TinyTensor tensor)
    {
        _tensors.RemoveAll(other => other.Name == tensor.Name);
        _tensors.Add(tensor);
        return this;
    }
}
