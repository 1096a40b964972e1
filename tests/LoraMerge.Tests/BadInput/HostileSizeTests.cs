using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Combinations;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.BadInput;

/// <summary>
/// Files that would take more time or memory than any real model, or that count further than an int: refused by a code of their own, before it is spent.
/// </summary>
public sealed class HostileSizeTests
{
    private const string QProj = "model.layers.0.self_attn.q_proj";

    [Theory]
    [InlineData("base", "config.json", 8 << 20)]
    [InlineData("base", "model.safetensors.index.json", 32 << 20)]
    [InlineData("adapter", "adapter_config.json", 8 << 20)]
    public void Json_beyond_its_bound_is_not_read(string folder, string name, int bound)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        string file = Path.Combine(bench.Folder, folder, name);
        using (FileStream stream = File.OpenWrite(file))
            stream.SetLength(bound + 1L);
        long before = GC.GetAllocatedBytesForCurrentThread();

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.JsonTooLarge, fault.Code);
        Assert.Contains($"'{file}' has {bound + 1} bytes, and at most {bound}", fault.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < bound / 2, "nothing of it was read");
        bench.Passed();
    }

    [Fact]
    public void Name_of_a_tensor_beyond_its_bound_is_refused()
    {
        string name = string.Concat(Enumerable.Repeat("base_layer.", 100)) + "weight"; // 1106 characters
        using var inBase = new Workbench(TinyCheckpoint.Llama().Filled(name, DType.F32, 1), TinyAdapter.ForLlama());
        using var inAdapter = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled(name, DType.F32, 1));

        LoraMergeException ofBase = Refused(inBase), ofAdapter = Refused(inAdapter);

        Assert.All([ofBase, ofAdapter], fault => Assert.Equal(DiagnosticCode.TensorNameTooLong, fault.Code));
        Assert.Contains("has 1106 characters, and at most 1000", ofBase.Message, StringComparison.Ordinal);
        inBase.Passed();
        inAdapter.Passed();
    }

    [Theory]
    [InlineData(0L, 4611686018427387904L, 4L)]
    [InlineData(0L, long.MaxValue, long.MaxValue)]
    public void Sides_of_an_empty_tensor_beyond_what_can_be_counted_are_refused(params long[] shape)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama());
        WriteHeader(bench.InBase("model.safetensors"), $"{{\"a\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[0,0]}}}}");

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.ShapeUncountable, fault.Code);
        bench.Passed();
    }

    [Fact]
    public void More_dimensions_than_any_tensor_has_are_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled("a", DType.F32, [.. Enumerable.Repeat(1L, 65)]), TinyAdapter.ForLlama());

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.SafetensorsInvalid, fault.Code);
        Assert.Contains("more than 64 dimensions", fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public void Computed_row_beyond_2_gib_is_refused()
    {
        const long length = 300_000_000;
        using var bench = new Workbench();
        WeightFile.WriteZeros(bench.InBase("model.safetensors"), [(QProj + ".weight", DType.BF16, [1, length])]);
        WeightFile.WriteZeros(bench.InAdapter("adapter_model.safetensors"),
            [($"base_model.model.{QProj}.lora_A.weight", DType.F16, [2, length]), ($"base_model.model.{QProj}.lora_B.weight", DType.F16, [1, 2])]);

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.RowTooLong, fault.Code);
        Assert.Contains("of 300000000 elements", fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public void Products_of_more_elements_than_an_int_counts_are_not_pruned_together()
    {
        using var bench = new Workbench();
        WeightFile.WriteZeros(bench.InBase("model.safetensors"), [(QProj + ".weight", DType.BF16, [50_000, 50_000])]);
        WeightFile.WriteZeros(bench.InAdapter("adapter_model.safetensors"),
            [($"base_model.model.{QProj}.lora_A.weight", DType.F16, [2, 50_000]), ($"base_model.model.{QProj}.lora_B.weight", DType.F16, [50_000, 2])]);
        Assert.True(CombinationWays.TryParse("ties_svd", out CombinationWay way));
        Assert.True(Density.TryParse("0.5", out Density? density));
        MergeRequest request = bench.Request() with { Combination = new Combination(way) { Density = density } };

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => new Merger()
            .Plan(request with { Adapters = [.. request.Adapters, .. request.Adapters] }));

        Assert.Equal(DiagnosticCode.TooManyElementsToCombine, fault.Code);
        Assert.Contains("2500000000 elements", fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public void More_stacked_experts_than_any_layer_has_are_refused()
    {
        const long experts = 70_000;
        using var bench = new Workbench();
        WeightFile.WriteZeros(
            bench.InAdapter("adapters.safetensors"),
            [
                ("model.layers.0.mlp.switch_mlp.up_proj.lora_a", DType.F16, [experts, 2, 4]),
                ("model.layers.0.mlp.switch_mlp.up_proj.lora_b", DType.F16, [experts, 6, 2]),
            ]
        );
        File.WriteAllText(
            bench.InAdapter("adapter_config.json"),
            """{"fine_tune_type": "lora", "num_layers": 1, "lora_parameters": {"rank": 2, "scale": 20, "dropout": 0}}"""
        );

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.TooManyExperts, fault.Code);
        Assert.Contains("70000 experts, and at most 65536", fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public void Pairs_of_parameters_in_countless_orders_are_refused()
    {
        const int count = 12; // 479,001,600 orders, as all shapes are the same but one
        TinyCheckpoint checkpoint = TinyCheckpoint.Llama();
        string[] names = ["gate_up_proj", .. Enumerable.Range(1, count - 1).Select(i => $"p{i}")];
        TinyAdapter adapter = TinyAdapter.Lora(2).Config("target_parameters", new JsonArray([.. names.Select(name => (JsonNode)$"mlp.experts.{name}")]));
        for (int i = 0; i < count; i++)
        {
            checkpoint.Filled($"model.layers.0.mlp.experts.{names[i]}", DType.F32, 2, 4, 6);
            string wrapped = "model.layers.0.mlp.experts" + string.Concat(Enumerable.Repeat(".base_layer", i));
            adapter.Filled(wrapped + ".lora_A.weight", DType.F32, 4, i == count - 1 ? 7 : 6).Filled(wrapped + ".lora_B.weight", DType.F32, 4, 4);
        }
        using var bench = new Workbench(checkpoint, adapter);

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.ParameterUnknown, fault.Code);
        bench.Passed();
    }

    [Fact]
    public void Factor_beyond_all_numbers_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("lora_alpha", 1e308));
        MergeRequest request = bench.Request();

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => new Merger()
            .Plan(request with { Adapters = [request.Adapters[0] with { Weight = 1e9 }] }));

        Assert.Equal(DiagnosticCode.ScalingNotFinite, fault.Code);
        Assert.Contains("'model.layers.0.self_attn.q_proj'", fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Theory]
    [InlineData(100_001, "layers.{0}.q_proj")]
    [InlineData(1001, "layers.{0}.(q|k)_proj")]
    public void More_patterns_than_a_model_has_modules_are_refused(int count, string form)
    {
        var patterns = new JsonObject(Enumerable.Range(0, count)
            .Select(i => KeyValuePair.Create(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i), (JsonNode?)2)));
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("rank_pattern", patterns));

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.TooManyPatterns, fault.Code);
        bench.Passed();
    }

    [Fact]
    public void Hundred_thousand_pattern_keys_are_read()
    {
        var patterns = new JsonObject(Enumerable.Range(0, 100_000).Select(i => KeyValuePair.Create($"layers.{i}.q_proj", (JsonNode?)2)));
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("rank_pattern", patterns)
            .Config("alpha_pattern", patterns.DeepClone()));

        PlannedMerge plan = new Merger().Plan(bench.Request());

        Assert.NotEmpty(plan.Plan.Shards);
        bench.Passed();
    }

    [Theory]
    [InlineData("x", 2000, "2005 fields")]
    [InlineData("target_modules_bd", 200, "200 modules")]
    [InlineData("target_parameters", 10_001, "10001 texts")]
    [InlineData("trainable_token_indices", 101, "101 modules")]
    public void Lists_that_are_held_against_every_module_are_bounded(string field, int count, string mention)
    {
        TinyAdapter adapter = TinyAdapter.ForLlama();
        JsonArray texts = [.. Enumerable.Range(0, count).Select(i => (JsonNode)$"a{i}.b")];
        if (field == "x")
            texts.ToList().ForEach(text => adapter.Config((string)text!, 1));
        else if (field == "target_modules_bd")
            adapter.Config("use_bdlora", new JsonObject { ["nblocks"] = 1, ["target_modules_bd_a"] = texts });
        else
            adapter.Config(field, field == "target_parameters" ? texts
                : new JsonObject(texts.Select(text => KeyValuePair.Create((string)text!, (JsonNode?)new JsonArray()))));
        using var bench = new Workbench(TinyCheckpoint.Llama(), adapter);

        LoraMergeException fault = Refused(bench);

        Assert.Equal(DiagnosticCode.AdapterConfigInvalid, fault.Code);
        Assert.Contains(mention, fault.Message, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task What_a_file_says_makes_no_line_of_megabytes()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("peft_type", new string('x', 1_000_000))
            .Config("r", new string('y', 1_000_000)));

        CommandLineRun run = await bench.RunAsync();

        Assert.Contains("error LORA3005", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("or ask for this kind." + Environment.NewLine, run.Error, StringComparison.Ordinal);
        Assert.True(run.Error.Length < 5000, $"{run.Error.Length} characters");
        bench.Passed();
    }

    private static LoraMergeException Refused(Workbench bench) => Assert.Throws<LoraMergeException>(() => new Merger().Plan(bench.Request()));

    private static void WriteHeader(string file, string json) =>
        File.WriteAllBytes(file, [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(json)), .. Encoding.UTF8.GetBytes(json)]);
}
