using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests.Kinds;

/// <summary>Forms of LoRA that each have their own tests, in one adapter: every one keeps its meaning beside the others.</summary>
public sealed class FormsTogetherTests
{
    private const string Gpt2 = """{ "model_type": "gpt2", "tie_word_embeddings": false }""";
    private const string Untied = """{ "model_type": "llama", "tie_word_embeddings": false }""";
    private const string Prefix = "base_model.model.";

    [Theory]
    [InlineData("c_attn", 3, 9)]
    [InlineData("c_proj", 5, 5)] // square: the family tells
    public async Task DoRA_with_rsLoRA_and_patterns_on_a_layer_stored_input_by_output(string layer, int inputs, int outputs)
    {
        string path = $"h.1.attn.{layer}";
        Matrix weight = Matrix.Of(path + ".weight", inputs, outputs);
        Matrix a = Matrix.Of(Prefix + "transformer." + path + ".lora_A.weight", 4, inputs);
        Matrix b = Matrix.Of(Prefix + "transformer." + path + ".lora_B.weight", outputs, 4);
        Matrix magnitude = Matrix.Of(Prefix + "transformer." + path + ".lora_magnitude_vector", outputs);
        string fields = $$"""
            "use_dora": true, "use_rslora": true, "fan_in_fan_out": true, "r": 8, "lora_alpha": 16, "runtime_config": {},
            "rank_pattern": { "(h|x)\\.\\d+\\.attn\\.c_(attn|proj)": 4 }, "alpha_pattern": { "^transformer\\.h\\.1\\..*": 3, "mlp.c_fc": 7 }
            """;
        using TinyFolder folder = new TinyFolder(Gpt2, weight).With(fields, new AdapterRequest("", -0.75), a, b, magnitude);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] v = Matrix.Rescale(Matrix.Add(weight.AsDoubles(), b, a, 3 / Math.Sqrt(4), isTransposed: true), magnitude, isByColumn: true);
        Matrix.AssertNear([.. weight.AsDoubles().Zip(v, (w, trained) => w - (0.75 * (trained - w)))], merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("module.base_model.model._orig_mod.model.layers.0.q", ".default")]
    [InlineData("base_model.model.module._fsdp_wrapped_module.model.layers.0._checkpoint_wrapped_module.q", ".pirate")]
    [InlineData("_orig_mod.module.base_model.model.module.model._orig_mod.layers.0.q", "")]
    public async Task Parts_of_all_wrappers_at_once(string path, string name)
    {
        Matrix weight = Matrix.Of("model.layers.0.q.weight", 4, 3);
        Matrix norm = Matrix.Of("model.norm.weight", 3);
        Matrix a = Matrix.Of($"{path}.lora_A{name}.weight", 1, 3);
        Matrix b = Matrix.Of($"{path}.lora_B{name}.weight", 4, 1);
        Matrix magnitude = Matrix.Of($"{path}.lora_magnitude_vector{name}{(name.Length > 0 ? ".weight" : "")}", 4);
        string root = path[..path.IndexOf("layers", StringComparison.Ordinal)];
        Matrix saved = Matrix.Of($"{root}norm.modules_to_save{(name.Length > 0 ? name : ".default")}.weight", 3);
        using TinyFolder folder = new TinyFolder(Untied, weight, norm).With(
            "\"use_dora\": true, \"runtime_config\": {}, \"modules_to_save\": [\"norm\"]",
            name.Length > 0 ? [a, b, magnitude, saved] : [a, b, magnitude]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(weight.AsDoubles(), b, a, 2), magnitude), merged[weight.Name]);
        Assert.Equal((name.Length > 0 ? saved : norm).AsDoubles(), merged[norm.Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData(ExpertLayout.Peft, 1.0)]
    [InlineData(ExpertLayout.Unsloth, -0.5)]
    public async Task Parameters_and_layers_and_biases_and_whole_modules_in_one_adapter(ExpertLayout layout, double weight)
    {
        Matrix down = Matrix.Of("model.layers.0.mlp.experts.down_proj", 2, 3, 5);
        Matrix q = Matrix.Of("model.layers.0.self_attn.q_proj.weight", 4, 3);
        Matrix qBias = Matrix.Of("model.layers.0.self_attn.q_proj.bias", 4);
        Matrix k = Matrix.Of("model.layers.0.self_attn.k_proj.weight", 4, 3);
        Matrix kBias = Matrix.Of("model.layers.0.self_attn.k_proj.bias", 4);
        Matrix norm = Matrix.Of("model.norm.weight", 3);
        Matrix downA = Matrix.Of(Prefix + "model.layers.0.mlp.experts.lora_A.weight", 2 * 2, 5);
        Matrix downB = Matrix.Of(Prefix + "model.layers.0.mlp.experts.lora_B.weight", 3, 2 * 2);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.self_attn.q_proj.lora_A.weight", 3, 3);
        Matrix b = Matrix.Of(Prefix + "model.layers.0.self_attn.q_proj.lora_B.weight", 4, 3);
        Matrix bBias = Matrix.Of(Prefix + "model.layers.0.self_attn.q_proj.lora_B.bias", 4);
        Matrix newKBias = Matrix.Of(Prefix + "model.layers.0.self_attn.k_proj.bias", 4);
        Matrix newNorm = Matrix.Of(Prefix + "model.norm.weight", 3);
        string fields = """
            "r": 3, "lora_alpha": 6, "bias": "all", "lora_bias": true, "modules_to_save": ["norm"], "target_parameters": ["mlp.experts.down_proj"],
            "rank_pattern": { "mlp.experts.down_proj": 2 }, "alpha_pattern": { "experts.down_proj": 5 }, "layers_to_transform": [0],
            "layers_pattern": "layers", "exclude_modules": ["lm_head"]
            """;
        using TinyFolder folder = new TinyFolder(Untied, down, q, qBias, k, kBias, norm)
            .With(fields, new AdapterRequest("", weight) { ExpertLayout = layout }, downA, downB, a, b, bBias, newKBias, newNorm);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(q.AsDoubles(), b, a, 2 * weight), merged[q.Name]);
        Matrix.AssertNear([.. qBias.AsDoubles().Zip(bBias.AsDoubles(), (w, d) => w + (2 * weight * d))], merged[qBias.Name]);
        Matrix.AssertNear([.. kBias.AsDoubles().Zip(newKBias.AsDoubles(), (w, to) => w + (weight * (to - w)))], merged[kBias.Name]);
        Matrix.AssertNear([.. norm.AsDoubles().Zip(newNorm.AsDoubles(), (w, to) => w + (weight * (to - w)))], merged[norm.Name]);
        Assert.Equal(k.AsDoubles(), merged[k.Name]);
        double[] expected = down.AsDoubles();
        for (int e = 0; e < 2; e++)
        {
            for (int o = 0; o < 3; o++)
            {
                for (int i = 0; i < 5; i++)
                {
                    for (int r = 0; r < 2; r++)
                        expected[(((e * 3) + o) * 5) + i] +=
                            2.5 * weight * downB[o, layout == ExpertLayout.Peft ? (r * 2) + e : (e * 2) + r] * downA[(e * 2) + r, i];
                }
            }
        }
        Matrix.AssertNear(expected, merged[down.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Replicated_layers_with_DoRA_and_saved_norms()
    {
        Matrix first = Matrix.Of("model.layers.0.q.weight", 4, 3);
        Matrix second = Matrix.Of("model.layers.1.q.weight", 4, 3);
        Matrix norm = Matrix.Of("model.layers.1.norm.weight", 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.2.q.lora_A.weight", 1, 3);
        Matrix b = Matrix.Of(Prefix + "model.layers.2.q.lora_B.weight", 4, 1);
        Matrix magnitude = Matrix.Of(Prefix + "model.layers.2.q.lora_magnitude_vector", 4);
        Matrix saved = Matrix.Of(Prefix + "model.layers.3.norm.weight", 3);
        using TinyFolder folder = new TinyFolder(
            """{ "num_hidden_layers": 2, "model_type": "llama", "tie_word_embeddings": false, "x": [Infinity] }""",
            first,
            second,
            norm
        ).With("\"layer_replication\": [[0, 2], [0, 2]], \"use_dora\": true, \"runtime_config\": {}, \"modules_to_save\": [\"norm\"]", a, b, magnitude, saved);

        Dictionary<string, double[]> merged = (await folder.MergeTensors());

        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(first.AsDoubles(), b, a, 2), magnitude), merged["model.layers.2.q.weight"]);
        Assert.Equal(saved.AsDoubles(), merged["model.layers.3.norm.weight"]);
        Assert.Equal(norm.AsDoubles(), merged["model.layers.1.norm.weight"]);
        Assert.Equal(second.AsDoubles(), merged["model.layers.3.q.weight"]);
        folder.Passed();
    }

    [Theory]
    [InlineData("[[0, 2000000000]]")]
    [InlineData("[[0, 2147483647], [0, 2147483647]]")]
    [InlineData("[[-5, 1]]")]
    [InlineData("[[2, 1]]")]
    [InlineData("[]")]
    public async Task Replications_that_make_no_sense(string ranges)
    {
        Matrix first = Matrix.Of("model.layers.0.q.weight", 4, 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q.lora_A.weight", 1, 3);
        Matrix b = Matrix.Of(Prefix + "model.layers.0.q.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Untied, first).With($"\"layer_replication\": {ranges}", a, b);

        if (ranges == "[]")
            Matrix.AssertNear(Matrix.Add(first.AsDoubles(), b, a, 2), (await folder.Merge()).Tensors[first.Name]);
        else
            Assert.Equal(DiagnosticCode.LayersCannotReplicate, await folder.MergeFails());
        folder.Passed();
    }

    [Theory]
    [InlineData(DType.BF16, DType.F64, false)]
    [InlineData(DType.F16, DType.BF16, false)]
    [InlineData(DType.F32, DType.F64, false)]
    [InlineData(DType.F64, DType.F16, false)]
    [InlineData(DType.BF16, DType.F32, true)]
    [InlineData(DType.F64, DType.F64, true)]
    public async Task A_tied_embedding_is_changed_once_and_rounded_once_and_parts_with_DoRA_alone(DType model, DType adapter, bool hasDora)
    {
        const string name = "model.embed_tokens";
        using var bench = new Workbench(
            TinyCheckpoint
                .Llama(model)
                .Without("lm_head.weight")
                .File("config.json", """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true }"""),
            Tied(TinyAdapter.Lora(), adapter, hasDora)
        );

        await bench.MergeAsync();

        Dictionary<string, StoredTensor> merged = TensorTable.Headers(bench.OutputPath);
        Assert.Equal(hasDora, merged.ContainsKey("lm_head.weight"));
        double[] w = TensorTable.Values(TensorTable.Headers(bench.Base)[name + ".weight"]);
        Dictionary<string, StoredTensor> trained = TensorTable.Headers(Path.Combine(bench.Adapter, "adapter_model.safetensors"));
        double[] a = TensorTable.Values(trained[Prefix + name + ".lora_embedding_A"]);
        double[] b = TensorTable.Values(trained[Prefix + name + ".lora_embedding_B"]);
        double[] v = [.. w.Select((value, i) => value + (2 * ((b[i % 4 * 2] * a[i / 4]) + (b[(i % 4 * 2) + 1] * a[8 + (i / 4)]))))];
        if (hasDora)
        {
            double[] m = TensorTable.Values(trained[Prefix + name + ".lora_magnitude_vector"]);
            v = [.. v.Select((value, i) => value * m[i % 4] / Math.Sqrt(Enumerable.Range(0, 8).Sum(row => v[(row * 4) + (i % 4)] * v[(row * 4) + (i % 4)])))];
        }
        double[] found = TensorTable.Values(merged[name + ".weight"]);
        if (model == DType.F64)
            Matrix.AssertNear(v, found); // as exact as the yardstick itself
        else
            Assert.Null(Precision.Fault(v, [.. v.Select(value => Precision.Round(value, model))], found, model));
        bench.Passed();

        static TinyAdapter Tied(TinyAdapter adapter, DType dtype, bool hasDora)
        {
            // Both ends hold the same numbers, each as it sees them.
            double[] ofRows = [.. Enumerable.Range(0, 16).Select(i => Math.Sin(i + 1))], ofColumns = [.. Enumerable.Range(0, 8).Select(i => Math.Cos(i + 1))];
            adapter.Config("ensure_weight_tying", true)
                .With(name + ".lora_embedding_A", dtype, [2, 8], ofRows)
                .With(name + ".lora_embedding_B", dtype, [4, 2], ofColumns)
                .With("lm_head.lora_A.weight", dtype, [2, 4], [.. Enumerable.Range(0, 8).Select(i => ofColumns[(i % 4 * 2) + (i / 4)])])
                .With("lm_head.lora_B.weight", dtype, [8, 2], [.. Enumerable.Range(0, 16).Select(i => ofRows[(i % 2 * 8) + (i / 2)])]);
            return hasDora
                ? adapter.Config("use_dora", true).Filled(name + ".lora_magnitude_vector", dtype, 4).Filled("lm_head.lora_magnitude_vector", dtype, 8)
                : adapter;
        }
    }

    [Fact]
    public async Task A_head_that_is_saved_and_adapted_is_replaced_and_then_changed()
    {
        Matrix head = Matrix.Of("lm_head.weight", 4, 3);
        Matrix saved = Matrix.Of(Prefix + "lm_head.base_layer.weight", 4, 3);
        Matrix a = Matrix.Of(Prefix + "lm_head.lora_A.weight", 1, 3);
        Matrix b = Matrix.Of(Prefix + "lm_head.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Untied, Matrix.Of("model.embed_tokens.weight", 4, 3), head).With("", new AdapterRequest("", 0.5), saved, a, b);

        double[] merged = (await folder.Merge()).Tensors[head.Name];

        Matrix.AssertNear(Matrix.Add(saved.AsDoubles(), b, a, 1), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData(-3.0)]
    [InlineData(1e-300)]
    [InlineData(1e30)]
    public async Task Any_alpha_that_gives_finite_numbers_is_taken(double alpha)
    {
        Matrix weight = Matrix.Of("model.layers.0.q.weight", 4, 3);
        Matrix a = Matrix.Of(Prefix + "model.layers.0.q.lora_A.weight", 1, 3);
        Matrix b = Matrix.Of(Prefix + "model.layers.0.q.lora_B.weight", 4, 1);
        using TinyFolder folder = new TinyFolder(Untied, weight).With(
            $"\"lora_alpha\": {alpha.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}",
            a,
            b
        );

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] expected = Matrix.Add(weight.AsDoubles(), b, a, alpha);
        Assert.Equal([.. expected.Select(value => (double)(float)value)], merged);
        folder.Passed();
    }

    [Theory]
    [InlineData(DType.BF16, 1e308)]
    [InlineData(DType.F16, 1e20)]
    [InlineData(DType.F32, 1e60)]
    [InlineData(DType.F64, 1e308)]
    public async Task An_alpha_that_gives_no_finite_numbers_is_refused(DType dtype, double alpha)
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(dtype),
            TinyAdapter
                .ForLlama()
                .Config("lora_alpha", alpha)
                .Config("alpha_pattern", new JsonObject { ["up_proj"] = dtype == DType.F64 ? -alpha : alpha })
                .With("model.layers.1.mlp.up_proj.lora_A.weight", DType.F64, [2, 4], [.. Enumerable.Repeat(dtype == DType.F64 ? 1e10 : 1.0, 8)])
        );

        await bench.AssertRefusedAsync(DiagnosticCode.ResultNotFinite, bench.Adapter);
        bench.Passed();
    }

    /// <summary>A pickle may hold views: fused experts turned round in memory, factors cut out of one storage.</summary>
    [Fact]
    public async Task Pickled_views_are_split_and_merged_as_their_elements()
    {
        Matrix[] downs = [.. Enumerable.Range(0, 2).Select(e => Matrix.Of($"model.layers.0.mlp.experts.{e}.down_proj.weight", 3, 4))];
        Matrix q = Matrix.Of("model.layers.0.q.weight", 4, 3);
        Matrix stored = Matrix.Of("stored", 2, 4, 3); // the view [2, 3, 4] of it
        Matrix factors = Matrix.Of("factors", 2, 7); // A is its first three columns, B its last four, turned round
        using TinyFolder folder = new TinyFolder(Untied, [.. downs, q]).With("\"r\": 2, \"modules_to_save\": [\"experts\"]", q.Named("replaced"));
        folder.ReplaceByPickle(Pickles.TinyTorchFile.Zip(
            Pickles.TinyPickle.StateDict(
                (Prefix + "model.layers.0.mlp.experts.down_proj", new Pickles.TinyTensor("0", 2, 3, 4) { Strides = [12, 1, 3] }),
                (Prefix + "model.layers.0.q.lora_A.weight", new Pickles.TinyTensor("1", 2, 3) { Strides = [7, 1], StorageLength = 14 }),
                (Prefix + "model.layers.0.q.lora_B.weight", new Pickles.TinyTensor("1", 4, 2) { Strides = [1, 7], StorageLength = 14, Offset = 3 })),
            ("0", Pickles.TinyTorchFile.Floats(stored.Values)), ("1", Pickles.TinyTorchFile.Floats(factors.Values))));

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        for (int e = 0; e < 2; e++)
            Assert.Equal(
                [.. from o in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 4) select (double)stored.Values[(e * 12) + (i * 3) + o]],
                merged[downs[e].Name]
            );
        var a = new Matrix("", [2, 3], [.. factors.Values[..3], .. factors.Values[7..10]]);
        var b = new Matrix("", [4, 2], [.. Enumerable.Range(3, 4).SelectMany(i => (float[])[factors.Values[i], factors.Values[7 + i]])]);
        Matrix.AssertNear(Matrix.Add(q.AsDoubles(), b, a, 1), merged[q.Name]);
        folder.Passed();
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("float32")]
    public async Task Scalars_and_tensors_without_elements_go_through(string dtype)
    {
        using var bench = new Workbench(
            TinyCheckpoint
                .Llama()
                .With("model.scale", DType.BF16, [], 0.5)
                .Filled("model.none.weight", DType.BF16, 0, 4)
                .Filled("model.flat.weight", DType.BF16, 4, 0)
                .With("model.count", DType.I64, [], 7),
            TinyAdapter.ForLlama().Config("modules_to_save", new JsonArray("model")).With("model.scale", DType.F32, [], 0.25)
        );

        CommandLineRun run = await bench.RunAsync("--dtype", dtype);

        Assert.Equal("", run.Error);
        Dictionary<string, StoredTensor> merged = TensorTable.Headers(bench.OutputPath);
        Assert.Equal(("[]", 0.25), (merged["model.scale"].ShapeText, Assert.Single(TensorTable.Values(merged["model.scale"]))));
        Assert.Equal(
            ("[0, 4]", "[4, 0]", DType.I64),
            (merged["model.none.weight"].ShapeText, merged["model.flat.weight"].ShapeText, merged["model.count"].DType)
        );
        bench.Passed();
    }

    [Theory]
    [InlineData("lora_A.weight", new long[] { })]
    [InlineData("lora_A.weight", new long[] { 2 })]
    [InlineData("lora_A.weight", new long[] { 0, 4 })]
    [InlineData("lora_A.weight", new long[] { 2, 0 })]
    [InlineData("lora_A.weight", new long[] { 2, 4, 1 })]
    [InlineData("lora_B.weight", new long[] { })]
    [InlineData("lora_B.weight", new long[] { 4, 0 })]
    [InlineData("lora_B.weight", new long[] { 0, 2 })]
    [InlineData("lora_B.weight", new long[] { 4, 2, 3 })]
    [InlineData("lora_B.bias", new long[] { })]
    [InlineData("lora_magnitude_vector", new long[] { 4 })]
    public async Task Factors_of_no_sound_shape_are_refused(string leaf, long[] shape)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        TinyAdapter.ForLlama().Filled("model.layers.0.self_attn.q_proj." + leaf, DType.F32, shape).WriteTo(bench.Adapter);

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Matches("error LORA(3004|3008|3009|4002|4005):", Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        bench.Passed();
    }
}
