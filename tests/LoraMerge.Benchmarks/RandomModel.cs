using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Benchmarks;

/// <summary>A Llama model with random weights, and a LoRA adapter for it, in a folder.</summary>
/// <param name="Folder">Holds <c>base</c> and <c>adapter</c>.</param>
/// <param name="Shape">The model's shape.</param>
internal sealed record RandomModel(string Folder, LlamaShape Shape)
{
    private const long LargestShard = 2_000_000_000;

    private static readonly ImmutableArray<string> AttentionModules = ["q_proj", "k_proj", "v_proj", "o_proj"];
    private static readonly ImmutableArray<string> AllModules = [.. AttentionModules, "gate_proj", "up_proj", "down_proj"];

    public string BaseFolder => Path.Combine(Folder, "base");

    public string AdapterFolder => Path.Combine(Folder, "adapter");

    /// <summary><c>generate</c>: for comparisons with other tools, which need the same files.</summary>
    public static Command CreateCommand()
    {
        var folder = new Argument<string>("folder") { Description = "Where the folders base and adapter are made." };
        var options = new ModelOptions();
        var command = new Command("generate", "Makes a random Llama model and an adapter for it, and keeps them.") { folder };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            RandomModel model = options.Generate(parsed, parsed.GetValue(folder)!);
            Console.WriteLine($"{model.BaseFolder}: {model.Shape.Layers} blocks, {model.Shape.ByteLength:N0} bytes of tensors");
        });
        return command;
    }

    /// <summary>Writes the model and the adapter.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="shape">Of the model.</param>
    /// <param name="rank">Of the adapter.</param>
    /// <param name="adaptsAll">Whether the adapter changes every linear layer, or attention alone.</param>
    public static RandomModel Write(string folder, LlamaShape shape, int rank, bool adaptsAll)
    {
        var model = new RandomModel(folder, shape);
        model.WriteBase();
        model.WriteAdapter(rank, adaptsAll ? AllModules : AttentionModules);
        return model;
    }

    private void WriteBase()
    {
        Directory.CreateDirectory(BaseFolder);
        File.WriteAllText(Path.Combine(BaseFolder, "config.json"), Shape.Config.ToJsonString());
        File.WriteAllText(Path.Combine(BaseFolder, "tokenizer.json"), Tokenizer().ToJsonString());
        List<List<(string Name, DType DType, ImmutableArray<long> Shape)>> shards = [[]];
        long filled = 0;
        foreach ((string name, ImmutableArray<long> shape) in Shape.Tensors)
        {
            long length = shape.Aggregate((long)Shape.DType.BitsPerElement() / 8, (product, side) => product * side);
            if (filled > 0 && filled + length > LargestShard)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add((name, Shape.DType, shape));
            filled += length;
        }
        var weightMap = new JsonObject();
        for (int i = 0; i < shards.Count; i++)
        {
            string file = shards.Count == 1 ? "model.safetensors" : $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            WriteFile(Path.Combine(BaseFolder, file), shards[i], seed: i);
            foreach ((string name, _, _) in shards[i])
                weightMap[name] = file;
        }
        if (shards.Count > 1)
        {
            var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = Shape.ByteLength }, ["weight_map"] = weightMap };
            File.WriteAllText(Path.Combine(BaseFolder, "model.safetensors.index.json"), index.ToJsonString());
        }
    }

    /// <summary>The smallest that a GGUF file can hold: the printable characters, and one merge.</summary>
    private static JsonObject Tokenizer()
    {
        IEnumerable<string> tokens = Enumerable.Range('!', 94).Select(character => ((char)character).ToString()).Append("ab");
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject(tokens.Select((token, i) => KeyValuePair.Create(token, (JsonNode?)i))),
                ["merges"] = new JsonArray("a b"),
            },
        };
    }

    private void WriteAdapter(int rank, ImmutableArray<string> modules)
    {
        Directory.CreateDirectory(AdapterFolder);
        var config = new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["r"] = rank,
            ["lora_alpha"] = 2 * rank,
            ["lora_dropout"] = 0.0,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["target_modules"] = new JsonArray([.. modules.Select(module => JsonValue.Create(module))]),
        };
        File.WriteAllText(Path.Combine(AdapterFolder, "adapter_config.json"), config.ToJsonString());
        IEnumerable<(string, DType, ImmutableArray<long>)> tensors = Shape.Tensors
            .Where(tensor => modules.Any(module => tensor.Name.EndsWith($".{module}.weight", StringComparison.Ordinal)))
            .SelectMany(tensor =>
            {
                string module = "base_model.model." + tensor.Name[..^".weight".Length];
                return new (string, DType, ImmutableArray<long>)[]
                {
                    ($"{module}.lora_A.weight", DType.F32, [rank, tensor.Shape[1]]),
                    ($"{module}.lora_B.weight", DType.F32, [tensor.Shape[0], rank]),
                };
            });
        WriteFile(Path.Combine(AdapterFolder, "adapter_model.safetensors"), tensors, seed: -1);
    }

    internal static void WriteFile(string path, IEnumerable<(string Name, DType DType, ImmutableArray<long> Shape)> tensors, int seed)
    {
        var values = new RandomValues(seed);
        WeightFile.Write(path, tensors, (tensor, _, bytes) => values.Fill(bytes, tensor.DType));
    }
}
