using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Determinism;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests.Kinds;

/// <summary>A base model and adapters of a few float32 numbers, written as files and merged by the front door.</summary>
internal sealed class TinyFolder : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<AdapterRequest> _adapters = [];

    public TinyFolder(string config, params Matrix[] tensors)
    {
        Directory.CreateDirectory(BaseFolder);
        File.WriteAllText(Path.Combine(BaseFolder, "config.json"), config);
        Write(Path.Combine(BaseFolder, "model.safetensors"), tensors);
    }

    public List<MergeEvent.Warning> Warnings { get; } = [];

    public List<MergeEvent.Information> Informations { get; } = [];

    /// <summary>What the folder of an adapter is called, where that is looked at.</summary>
    public string? AdapterName { get; init; }

    /// <summary>How the adapters are combined.</summary>
    public CombinationWay Way { get; init; }

    private string Output => Path.Combine(_folder.Path, "merged");

    private string BaseFolder => Path.Combine(_folder.Path, "base");

    /// <summary>
    /// Adds an adapter; the config's fields come on top of a plain LoRA's of rank 1 and alpha 2, unless they name a kind; a release of null leaves that field
    /// out.
    /// </summary>
    public TinyFolder With(string fields, params Matrix[] tensors) => With(fields, new AdapterRequest(""), tensors);

    public TinyFolder With(string fields, AdapterRequest asked, params Matrix[] tensors)
    {
        string folder = Path.Combine(_folder.Path, AdapterName ?? $"adapter{_adapters.Count}");
        Directory.CreateDirectory(folder);
        JsonObject given = JsonNode.Parse("{" + fields + "}")!.AsObject();
        JsonObject config = given.ContainsKey("peft_type")
            ? new JsonObject { ["peft_version"] = "0.21.2" }
            : new JsonObject
            {
                ["peft_type"] = "LORA",
                ["peft_version"] = "0.21.2",
                ["r"] = 1,
                ["lora_alpha"] = 2,
                ["corda_config"] = null,
                ["trainable_token_indices"] = null,
            };
        foreach ((string name, JsonNode? value) in given)
            config[name] = value?.DeepClone();
        if (config["peft_version"] is null)
            config.Remove("peft_version");
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config.ToJsonString());
        Write(Path.Combine(folder, "adapter_model.safetensors"), tensors);
        _adapters.Add(asked with { Path = folder });
        return this;
    }

    /// <summary>Adds an adapter of mlx_lm.</summary>
    public TinyFolder WithMlx(string fields, params Matrix[] tensors)
    {
        string folder = Path.Combine(_folder.Path, AdapterName ?? $"adapter{_adapters.Count}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), $$"""{ "num_layers": -1, {{fields}} }""");
        Write(Path.Combine(folder, "adapters.safetensors"), tensors);
        _adapters.Add(new AdapterRequest(folder));
        return this;
    }

    /// <summary>Adds a weight file beside the last adapter.</summary>
    public TinyFolder Beside(string name, params Matrix[] tensors)
    {
        Write(Path.Combine(_adapters[^1].Path, name), tensors);
        return this;
    }

    /// <summary>Puts a file of torch.save in the place of the last adapter's weights.</summary>
    public void ReplaceByPickle(byte[] bytes)
    {
        string folder = _adapters[^1].Path;
        File.Delete(Path.Combine(folder, "adapter_model.safetensors"));
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.bin"), bytes);
    }

    /// <summary>The tensors and the config of the merged model.</summary>
    public async Task<(Dictionary<string, double[]> Tensors, JsonObject Config)> Merge() =>
        (await MergeTensors(), JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "config.json")))!.AsObject());

    public async Task<Dictionary<string, double[]>> MergeTensors()
    {
        await new Merger(Listen).MergeAsync(Request, Output, CancellationToken.None);
        return TensorTable.Headers(Output).ToDictionary(pair => pair.Key, pair => TensorTable.Values(pair.Value));
    }

    /// <summary>Why the merge fails; null where it does not.</summary>
    public async Task<LoraMergeException?> Fault() => await Record.ExceptionAsync(Merge) switch
    {
        null => null,
        LoraMergeException fault => fault,
        Exception other => throw new InvalidOperationException("The merge failed without a code.", other),
    };

    public async Task<DiagnosticCode> MergeFails() => (await Assert.ThrowsAsync<LoraMergeException>(Merge)).Code;

    /// <summary>The peak of the whole process of a merge in the fewest buffers, by the built program.</summary>
    public Task<long> PeakBytes() =>
        ProgramMemory.PeakOfMerge([
            "--base",
            BaseFolder,
            .. _adapters.SelectMany(adapter => (string[])["--adapter", adapter.Path]),
            "--output",
            Output,
            "--device",
            "cpu",
            "--max-memory",
            OneLayerModel.MaxMemory,
        ]);

    public MergePlan Plan() => new Merger().Plan(Request).Plan;

    /// <summary>The first adapter.</summary>
    public string AdapterFolder => _adapters[0].Path;

    public long MemoryBytes() => new Merger().Plan(Request).MemoryBytes;

    public string NameRule() => new Merger().Plan(Request).Plan.NameRules[0];

    /// <summary>Called as the last line of a test: the files may go.</summary>
    public void Passed() => _folder.Passed();

    public void Dispose() => _folder.Dispose();

    private MergeRequest Request => new(BaseFolder, [.. _adapters]) { Device = "cpu", Combination = new Combination(Way) };

    private void Listen(MergeEvent happened)
    {
        if (happened is MergeEvent.Warning warning)
            Warnings.Add(warning);
        if (happened is MergeEvent.Information information)
            Informations.Add(information);
    }

    private static void Write(string path, Matrix[] tensors) =>
        WeightFile.Write(
            path,
            tensors.Select(tensor => (tensor.Name, DType.F32, tensor.Shape)),
            (entry, offset, bytes) =>
                MemoryMarshal.AsBytes(tensors.Single(tensor => tensor.Name == entry.Name).Values.AsSpan()).Slice((int)offset, bytes.Length).CopyTo(bytes)
        );
}
