using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Determinism;

/// <summary>A base of one large bfloat16 weight, and adapters for it, merged by the built program.</summary>
internal sealed class OneLayerModel : IDisposable
{
    public const int Rank = 4;

    /// <summary>Too little for three stages side by side: how many of its buffers a merge comes to fill then depends on which thread is faster.</summary>
    public const string MaxMemory = "200MB";

    private readonly TestFolder _folder = new();
    private readonly string _module;
    private readonly long _outputs;
    private readonly long _inputs;
    private int _count;

    /// <param name="rows">Rows of the weight.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="isConv1D">Whether it is GPT-2's, stored <c>[in, out]</c>.</param>
    public OneLayerModel(long rows, long columns, bool isConv1D = false)
    {
        _module = isConv1D ? "h.0.attn.c_attn" : "model.layers.0.mlp.up_proj";
        (_outputs, _inputs) = isConv1D ? (columns, rows) : (rows, columns);
        Directory.CreateDirectory(_folder["base"]);
        File.WriteAllText(Path.Combine(_folder["base"], "config.json"), $$"""{ "model_type": "{{(isConv1D ? "gpt2" : "llama")}}" }""");
        Write(Path.Combine(_folder["base"], "model.safetensors"), (_module + ".weight", DType.BF16, [rows, columns]));
    }

    /// <summary>The peak of a merge of LoRA adapters.</summary>
    /// <param name="fields">Fields of adapter_config.json on top of a plain LoRA's.</param>
    /// <param name="more">A tensor beside A and B, by its name behind the module's.</param>
    /// <param name="adapters">How many.</param>
    /// <param name="options">More arguments of the program.</param>
    public Task<long> PeakBytesOfLora(string fields, (string Name, ImmutableArray<long> Shape)? more = null, int adapters = 1, params string[] options)
    {
        List<(string, DType, ImmutableArray<long>)> tensors =
        [
            ("lora_A.weight", DType.F32, [Rank, _inputs]), ("lora_B.weight", DType.F32, [_outputs, Rank]),
        ];
        if (more is var (name, shape))
            tensors.Add((name, DType.F32, shape));
        return PeakBytes([.. Enumerable.Range(0, adapters).Select(_ => WriteAdapter(fields, [.. tensors]))], options);
    }

    /// <summary>The peak of a merge that takes the weight half of the way to one that was trained whole.</summary>
    public Task<long> PeakBytesOfSaved() =>
        PeakBytes([WriteAdapter($"\"modules_to_save\": [\"{_module.Split('.')[^1]}\"]", ("weight", DType.F32, [_outputs, _inputs])) + "=0.5"]);

    /// <summary>Called as the last line of a test.</summary>
    public void Passed() => _folder.Passed();

    public void Dispose() => _folder.Dispose();

    private async Task<long> PeakBytes(string[] adapters, params string[] options)
    {
        string output = _folder[$"merged{_count++}"];
        long peak = await ProgramMemory.PeakOfMerge([
            "--base",
            _folder["base"],
            .. adapters.SelectMany(adapter => (string[])["--adapter", adapter]),
            "--output",
            output,
            "--device",
            "cpu",
            "--max-memory",
            MaxMemory,
            .. options,
        ]);
        Directory.Delete(output, recursive: true);
        return peak;
    }

    private string WriteAdapter(string fields, params (string Name, DType DType, ImmutableArray<long> Shape)[] tensors)
    {
        string folder = Directory.CreateDirectory(_folder[$"adapter{_count++}"]).FullName;
        var config = new JsonObject { ["peft_type"] = "LORA", ["peft_version"] = "0.21.2", ["r"] = Rank, ["lora_alpha"] = 2 * Rank };
        foreach ((string name, JsonNode? value) in JsonNode.Parse("{" + fields + "}")!.AsObject())
            config[name] = value?.DeepClone();
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config.ToJsonString());
        Write(
            Path.Combine(folder, "adapter_model.safetensors"),
            [.. tensors.Select(tensor => ($"base_model.model.{_module}.{tensor.Name}", tensor.DType, tensor.Shape))]
        );
        return folder;
    }

    /// <summary>Numbers without a pattern, of both signs and below 1/16.</summary>
    private static void Write(string path, params (string Name, DType DType, ImmutableArray<long> Shape)[] tensors)
    {
        var random = new Random(tensors.Length);
        WeightFile.Write(path, tensors, (tensor, _, bytes) =>
        {
            random.NextBytes(bytes);
            uint kept = tensor.DType == DType.BF16 ? 0x83FF_83FF : 0x83FF_FFFF;
            uint set = tensor.DType == DType.BF16 ? 0x3800_3800u : 0x3800_0000;
            foreach (ref uint value in MemoryMarshal.Cast<byte, uint>(bytes))
                value = (value & kept) | set;
        });
    }
}
