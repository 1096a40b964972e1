using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Pickles;
using LoraMerge.Tests.Golden;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Pickles;

namespace LoraMerge.Tests.Beside;

/// <summary>What lies in an adapter's folder beside its weights: more of them, what was trained whole, files for the merged model.</summary>
public sealed class BesideAdapterTests
{
    private const string Norm = "model.layers.0.input_layernorm.weight";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_adapter_in_several_files_is_read_whole(bool hasIndex)
    {
        using var bench = new Workbench();
        await Merged.Of(bench);
        byte[] expected = File.ReadAllBytes(Path.Combine(bench.OutputPath, "model.safetensors"));
        Split(bench, hasIndex);

        Merged merged = await Merged.Of(bench);

        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(bench.OutputPath, "model.safetensors")));
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_file_of_several_is_named(bool hasIndex)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Split(bench, hasIndex);
        File.Delete(bench.InAdapter("adapter_model-00002-of-00002.safetensors"));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterShardMissing, "adapter_model-00002-of-00002.safetensors");
        bench.Passed();
    }

    [Theory]
    [InlineData("non_lora_trainables.safetensors", "base_model.model." + Norm)]
    [InlineData("vit.safetensors", Norm)]
    [InlineData("whatever.safetensors", "base_model.model." + Norm)]
    public async Task What_was_trained_whole_beside_an_adapter_takes_its_place(string file, string tensor)
    {
        using var bench = new Workbench();
        TinyTensor.Write(bench.InAdapter(file), [TinyTensor.Of(tensor, DType.F32, [4], 1, 2, 3, 4)]);

        Merged merged = await Merged.Of(bench);

        Assert.Contains("3 of 8 tensors changed", merged.Said, StringComparison.Ordinal);
        StoredTensor stored = TensorTable.Headers(bench.OutputPath)[Norm];
        Assert.Equal([0x80, 0x3F, 0x00, 0x40, 0x40, 0x40, 0x80, 0x40], File.ReadAllBytes(stored.File).AsSpan((int)stored.FileOffset, 8).ToArray()); // bfloat16
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    /// <summary>LLaVA and its kin write pickles, and the trained model's config.json beside them.</summary>
    [Theory]
    [InlineData("non_lora_trainables.bin")]
    [InlineData("non_lora_state_dict.bin")]
    [InlineData("mm_projector.bin")]
    public async Task So_it_does_where_it_lies_in_a_pickle(string file)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().File("config.json", """{ "model_type": "llama" }"""));
        File.WriteAllBytes(
            bench.InAdapter(file),
            TinyTorchFile.Zip(TinyPickle.StateDict(("base_model.model." + Norm, new Pickles.TinyTensor("0", 4))), ("0", TinyTorchFile.Floats(1, 2, 3, 4)))
        );

        Merged merged = await Merged.Of(bench);

        Assert.Contains("3 of 8 tensors changed", merged.Said, StringComparison.Ordinal);
        StoredTensor stored = TensorTable.Headers(bench.OutputPath)[Norm];
        Assert.Equal([0x80, 0x3F, 0x00, 0x40, 0x40, 0x40, 0x80, 0x40], File.ReadAllBytes(stored.File).AsSpan((int)stored.FileOffset, 8).ToArray());
        await merged.AssertVerifiedAsync();
        bench.Passed();
    }

    [Fact]
    public async Task A_pickle_that_holds_something_else_is_refused_by_its_name()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllBytes(
            bench.InAdapter("losses.pt"),
            TinyTorchFile.Zip(TinyPickle.Of(pickle => pickle.Global("os", "system").Text("true").Op(PickleOpcode.TUPLE1).Op(PickleOpcode.REDUCE)))
        );

        await bench.AssertRefusedAsync(DiagnosticCode.PickleUnsafe, bench.InAdapter("losses.pt"));
        bench.Passed();
    }

    /// <summary>The build takes the key from the list of files, so what is read has to be in it.</summary>
    [Fact]
    public async Task A_change_of_such_a_file_is_another_model()
    {
        using var bench = new Workbench();
        TinyTensor.Write(bench.InAdapter("vit.safetensors"), [TinyTensor.Of(Norm, DType.F32, [4], 1, 2, 3, 4)]);
        string before = Merger.KeyOf(bench.Request(), CancellationToken.None);
        TinyTensor.Write(bench.InAdapter("vit.safetensors"), [TinyTensor.Of(Norm, DType.F32, [4], 1, 2, 3, 5)]);

        string after = Merger.KeyOf(bench.Request(), CancellationToken.None);

        Assert.NotEqual(before, after);
        await Merged.Of(bench);
        bench.Passed();
    }

    [Theory]
    [InlineData("value_head.safetensors", "v_head.summary.weight")]
    [InlineData("non_lora_trainables.safetensors", "base_model.model.model.mm_projector.0.weight")]
    public async Task What_has_no_place_is_an_error_that_names_the_file(string file, string tensor)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        TinyTensor.Write(bench.InAdapter(file), [TinyTensor.Filled(tensor, DType.F32, 1, 4)]);

        await bench.AssertRefusedAsync(DiagnosticCode.TrainedBesideUnplaced, bench.InAdapter(file), tensor, "move it out of the folder");
        CommandLineRun accepted = await bench.RunAsync("--on-unmatched", "warn");

        Assert.Equal(0, accepted.ExitCode);
        Assert.Contains(tensor, accepted.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Rows_of_new_tokens_are_refused_by_their_file()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        TinyTensor.Write(
            bench.InAdapter("new_embeddings.safetensors"),
            [TinyTensor.Filled("input_embeddings", DType.F32, 1, 4), TinyTensor.Filled("output_embeddings", DType.F32, 1, 4)]
        );

        await bench.AssertRefusedAsync(DiagnosticCode.NewTokensBeside, "new_embeddings.safetensors");
        bench.Passed();
    }

    [Fact]
    public async Task The_state_of_a_training_is_not_looked_at_and_whole_models_are_said()
    {
        using var bench = new Workbench();
        foreach (
            string name in (string[])
                [
                    "optimizer.pt",
                    "optimizer.bin",
                    "scheduler.pt",
                    "rng_state_0.pth",
                    "training_args.bin",
                    "scaler.pt",
                    "recipe_state.pt",
                    "training_state_rank0.pt",
                    "dl_state_dict.bin",
                    "lr_scheduler.pt",
                    "0000100_adapters.safetensors",
                    "adapter_model.bin",
                    "model.safetensors",
                ]
        )
            File.WriteAllText(bench.InAdapter(name), "x");

        Merged merged = await Merged.Of(bench);

        Assert.Contains("beside weights of a whole model, of which nothing is taken: model.safetensors.", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Modules_of_sentence_transformers_and_other_files_of_an_adapter_go_along_with_a_word()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File("preprocessor_config.json", "{}"),
            TinyAdapter
                .ForLlama()
                .File("modules.json", "[]")
                .File("config_sentence_transformers.json", "{}")
                .File("generation_config.json", "{}")
                .File("preprocessor_config.json", """{ "a": 1 }""")
        );
        Directory.CreateDirectory(bench.InAdapter("2_Dense"));
        File.WriteAllText(bench.InAdapter("2_Dense/config.json"), "{}");
        TinyTensor.Write(bench.InAdapter("2_Dense/model.safetensors"), [TinyTensor.Filled("linear.weight", DType.F32, 2, 2)]);

        Merged merged = await Merged.Of(bench);

        Assert.Equal(
            File.ReadAllBytes(bench.InAdapter("2_Dense/model.safetensors")),
            File.ReadAllBytes(Path.Combine(bench.OutputPath, "2_Dense/model.safetensors"))
        );
        Assert.Equal("""{ "a": 1 }""", merged.Text("preprocessor_config.json"));
        Assert.Contains(
            "also has 2_Dense/config.json, 2_Dense/model.safetensors, config_sentence_transformers.json, generation_config.json, modules.json, "
                + "preprocessor_config.json.",
            merged.Said,
            StringComparison.Ordinal
        );
        bench.Passed();
    }

    [Fact]
    public async Task Processors_in_the_form_of_transformers_5_do_not_hide_the_bases()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File("preprocessor_config.json", "{}").File("processor_config.json", """{ "processor_class": "P" }"""),
            TinyAdapter.ForLlama().File("processor_config.json", """{ "processor_class": "P", "image_processor": { "size": 1 } }"""));

        Merged merged = await Merged.Of(bench);

        Assert.Equal("""{ "processor_class": "P" }""", merged.Text("processor_config.json"));
        Assert.Contains("form of transformers 5", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_that_was_not_trained_is_said_to_change_nothing()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora().Filled("model.layers.0.self_attn.q_proj.lora_A.weight", DType.F32, 2, 4)
            .With("model.layers.0.self_attn.q_proj.lora_B.weight", DType.F32, [4, 2], new double[8]));
        string trained = TinyAdapter.ForLlama().WriteTo(Path.Combine(bench.Folder, "trained"));

        Merged alone = await Merged.Of(bench);
        Merged beside = await Merged.Of(bench, "--adapter", trained);

        Assert.Contains("Merged base: 0 of 8 tensors changed", alone.Said, StringComparison.Ordinal);
        Assert.Contains($"warning LORA3102: Adapter '{bench.Adapter}' changes nothing: all its changes are zero", alone.Said, StringComparison.Ordinal);
        Assert.Contains("Merged base: 2 of 8 tensors changed", beside.Said, StringComparison.Ordinal);
        Assert.Single(beside.Said.Split('\n'), line => line.Contains("LORA3102", StringComparison.Ordinal));
        bench.Passed();
    }

    [Fact]
    public async Task Changes_that_vanish_in_the_rounding_are_said_too()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.With("m.weight", DType.BF16, [2, 2], 1, 1, 1, 1).File("config.json", "{}"),
            TinyAdapter.Lora(1).With("m.lora_A.weight", DType.F32, [1, 2], 1e-6, 1e-6).With("m.lora_B.weight", DType.F32, [2, 1], 1, 1));

        Merged merged = await Merged.Of(bench);

        Assert.Contains("LORA3102", merged.Said, StringComparison.Ordinal);
        Assert.Contains("vanish in the base's dtype", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_that_the_base_was_made_of_is_said_to_count_twice()
    {
        using var bench = new Workbench();
        Merged once = await Merged.Of(bench);
        Directory.Move(bench.Base, Path.Combine(bench.Folder, "before"));
        Directory.Move(bench.OutputPath, bench.Base);

        Merged twice = await Merged.Of(bench);

        Assert.DoesNotContain("LORA4064", once.Said, StringComparison.Ordinal);
        Assert.Contains($"warning LORA4064: The base '{bench.Base}' was made by merging these same weights", twice.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Another_adapter_may_be_merged_onto_a_merged_model()
    {
        using var bench = new Workbench();
        await Merged.Of(bench);
        Directory.Move(bench.Base, Path.Combine(bench.Folder, "before"));
        Directory.Move(bench.OutputPath, bench.Base);
        Directory.Move(bench.Adapter, Path.Combine(bench.Folder, "first"));
        TinyAdapter.Lora().Filled("model.layers.0.self_attn.q_proj.lora_A.weight", DType.F32, 2, 4)
            .Filled("model.layers.0.self_attn.q_proj.lora_B.weight", DType.F32, 4, 2).WriteTo(bench.Adapter);

        Merged merged = await Merged.Of(bench);

        Assert.DoesNotContain("LORA4064", merged.Said, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_in_one_file_and_in_several_is_said_to_lie_there_twice()
    {
        using var bench = new Workbench();
        File.Copy(Path.Combine(bench.Adapter, "adapter_model.safetensors"), Path.Combine(bench.Adapter, "adapter_model-00001-of-00001.safetensors"));

        Merged merged = await Merged.Of(bench);

        Assert.Contains(
            "lies there twice: 'adapter_model.safetensors' is merged, as PEFT loads it, and adapter_model-00001-of-00001.safetensors is not",
            merged.Said,
            StringComparison.Ordinal
        );
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_of_weight_zero_is_meant_to_change_nothing()
    {
        using var bench = new Workbench();
        var said = new List<MergeEvent>();

        await new Merger(said.Add).MergeAsync(
            new MergeRequest(bench.Base, [new AdapterRequest(bench.Adapter, Weight: 0)]) { Device = "cpu" },
            bench.OutputPath,
            CancellationToken.None
        );

        Assert.DoesNotContain(said.OfType<MergeEvent.Warning>(), warning => warning.Code == DiagnosticCode.AdapterChangesNothing);
        bench.Passed();
    }

    private static void Split(Workbench bench, bool hasIndex)
    {
        Shard whole = Shard.Read(bench.InAdapter("adapter_model.safetensors"));
        byte[] bytes = File.ReadAllBytes(whole.File);
        TinyTensor[] tensors =
        [
            .. whole.Tensors.Select(tensor => new TinyTensor(
                tensor.Name,
                tensor.DType,
                tensor.Shape,
                bytes.AsSpan((int)tensor.FileOffset, (int)tensor.ByteLength).ToArray()
            )),
        ];
        File.Delete(whole.File);
        string[] names = ["adapter_model-00001-of-00002.safetensors", "adapter_model-00002-of-00002.safetensors"];
        TinyTensor.Write(bench.InAdapter(names[0]), tensors[..2]);
        TinyTensor.Write(bench.InAdapter(names[1]), tensors[2..]);
        if (hasIndex)
            File.WriteAllBytes(
                bench.InAdapter("adapter_model.safetensors.index.json"),
                CheckpointIndex.ToBytes(0, tensors.Select((tensor, i) => KeyValuePair.Create(tensor.Name, names[i / 2])))
            );
    }
}
