using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests;

/// <summary>A base model in code: chosen tensors, a config and side files, written to a folder.</summary>
internal sealed class TinyCheckpoint
{
    private readonly List<TinyTensor> _tensors = [];
    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);
    private int _shardCount = 1;

    public static TinyCheckpoint Empty => new();

    /// <summary>Two layers of everything that a text model has, a few numbers each.</summary>
    public static TinyCheckpoint Llama(DType dtype = DType.BF16)
    {
        var model = new TinyCheckpoint();
        model.Filled("model.embed_tokens.weight", dtype, 8, 4);
        for (int layer = 0; layer < 2; layer++)
        {
            model.Filled($"model.layers.{layer}.self_attn.q_proj.weight", dtype, 4, 4);
            model.Filled($"model.layers.{layer}.mlp.up_proj.weight", dtype, 6, 4);
            model.Filled($"model.layers.{layer}.input_layernorm.weight", dtype, 4);
        }
        model.Filled("lm_head.weight", dtype, 8, 4);
        model.File("config.json", """
            {
              "model_type": "llama",
              "torch_dtype": "DTYPE",
              "tie_word_embeddings": false,
              "vocab_size": 8
            }
            """.Replace("DTYPE", dtype switch { DType.F32 => "float32", DType.F16 => "float16", _ => "bfloat16" }, StringComparison.Ordinal));
        model.File("generation_config.json", "{ \"do_sample\": true }\n");
        model.File("tokenizer.json", "{ \"version\": \"1.0\" }\n");
        return model;
    }

    public TinyCheckpoint Filled(string name, DType dtype, params long[] shape) => Add(TinyTensor.Filled(name, dtype, shape));

    public TinyCheckpoint With(string name, DType dtype, long[] shape, params double[] values) => Add(TinyTensor.Of(name, dtype, shape, values));

    public TinyCheckpoint Without(string name)
    {
        _tensors.RemoveAll(tensor => tensor.Name == name);
        return this;
    }

    public TinyCheckpoint File(string relativePath, string contents)
    {
        _files[relativePath] = contents;
        return this;
    }

    public TinyCheckpoint WithoutFile(string relativePath)
    {
        _files.Remove(relativePath);
        return this;
    }

    /// <summary>Deals the tensors out to this many files, with an index.</summary>
    public TinyCheckpoint InShards(int count)
    {
        _shardCount = count;
        return this;
    }

    /// <returns>The folder.</returns>
    public string WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        if (_shardCount == 1)
            TinyTensor.Write(Path.Combine(folder, "model.safetensors"), _tensors);
        else
            WriteShards(folder);
        foreach ((string relativePath, string contents) in _files)
        {
            string path = Path.Combine(folder, relativePath);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            System.IO.File.WriteAllText(path, contents);
        }
        return folder;
    }

    public TinyCheckpoint Add(TinyTensor tensor)
    {
        Without(tensor.Name);
        _tensors.Add(tensor);
        return this;
    }

    private void WriteShards(string folder)
    {
        var map = new JsonObject();
        foreach (TinyTensor[] tensors in _tensors.Chunk((_tensors.Count + _shardCount - 1) / _shardCount))
        {
            string file = $"model-{map.Select(pair => (string)pair.Value!).Distinct().Count() + 1:D5}-of-{_shardCount:D5}.safetensors";
            TinyTensor.Write(Path.Combine(folder, file), tensors);
            foreach (TinyTensor tensor in tensors)
                map[tensor.Name] = file;
        }
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = _tensors.Sum(tensor => tensor.Bytes.Length) }, ["weight_map"] = map };
        System.IO.File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString());
    }
}
