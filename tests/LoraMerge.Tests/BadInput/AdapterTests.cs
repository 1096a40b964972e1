using System.Text.Json.Nodes;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Writing;

namespace LoraMerge.Tests.BadInput;

/// <summary>Adapters that cannot be merged: each is refused with its own code, and an earlier result stays as it was.</summary>
public sealed class AdapterTests
{
    private const string QProj = "model.layers.0.self_attn.q_proj";

    /// <summary>Forms beside which the one that is read often lies.</summary>
    [Theory]
    [InlineData("lora.gguf", true, DiagnosticCode.AdapterWeightsMissing, "GGUF")]
    [InlineData("lora.gguf", false, DiagnosticCode.GgufInvalid, "GGUF")]
    [InlineData("adapter_0.pt", true, DiagnosticCode.AdapterWeightsMissing, "torchtune")]
    [InlineData("adapter_0.pt", false, DiagnosticCode.AdapterOfOtherLibrary, "torchtune")]
    public async Task A_form_that_is_not_read_is_named(string file, bool hasConfig, DiagnosticCode code, string form)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.Move(Path.Combine(bench.Adapter, "adapter_model.safetensors"), Path.Combine(bench.Adapter, file));
        if (!hasConfig)
            File.Delete(Path.Combine(bench.Adapter, "adapter_config.json"));

        await bench.AssertRefusedAsync(code, form);
        bench.Passed();
    }

    [Fact]
    public async Task A_missing_folder_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Directory.Delete(bench.Adapter, recursive: true);

        await bench.AssertRefusedAsync(DiagnosticCode.PathNotFound, bench.Adapter, "The adapter");
        bench.Passed();
    }

    [Fact]
    public async Task An_empty_folder_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Directory.Delete(bench.Adapter, recursive: true);
        Directory.CreateDirectory(bench.Adapter);

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterConfigMissing, bench.Adapter, "adapter_config.json");
        bench.Passed();
    }

    [Fact]
    public async Task A_config_without_weights_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.Delete(bench.InAdapter("adapter_model.safetensors"));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterWeightsMissing, bench.Adapter, "adapter_model.safetensors");
        bench.Passed();
    }

    [Fact]
    public async Task A_rank_beyond_all_whole_numbers_is_refused()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(),
            TinyAdapter.Lora().Filled(QProj + ".lora_A.weight", DType.F32, 3_000_000_000, 0).Filled(QProj + ".lora_B.weight", DType.F32, 4, 2)
        );

        await bench.AssertRefusedAsync(DiagnosticCode.RankMismatch, QProj, "[3000000000, 0]");
        bench.Passed();
    }

    [Fact]
    public async Task A_layer_without_outputs_stays_as_it_is()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled("none.weight", DType.BF16, 0, 4), TinyAdapter.Lora().Module("none", 0, 4));

        MergeResult result = await bench.MergeAsync();

        Assert.NotNull(result);
        bench.Passed();
    }

    [Theory]
    [InlineData("target_modules_bd_a", 3, 2, 3)] // A [3, 2]: three rows are no two blocks
    [InlineData("target_modules_bd_b", 3, 4, 1)]
    public async Task Factors_that_do_not_divide_into_their_blocks_are_refused(string side, int rank, int aColumns, int bColumns)
    {
        TinyAdapter adapter = TinyAdapter.Lora(rank)
            .Config("use_bdlora", new JsonObject { [side] = new JsonArray("q_proj"), ["nblocks"] = side.EndsWith('a') ? 2 : 3 })
            .Filled(QProj + ".lora_A.weight", DType.F32, rank, aColumns).Filled(QProj + ".lora_B.weight", DType.F32, 4, bColumns);
        using var bench = new Workbench(TinyCheckpoint.Llama(), adapter);

        await bench.AssertRefusedAsync(DiagnosticCode.RankMismatch, QProj, "blocks");
        bench.Passed();
    }

    [Fact]
    public async Task Two_names_of_one_tensor_are_both_told()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora().Module(QProj, 4, 4)
            .Filled(QProj + ".lora_A.default.weight", DType.F32, 2, 4).Filled(QProj + ".lora_B.default.weight", DType.F32, 4, 2));

        await bench.AssertRefusedAsync(
            DiagnosticCode.DuplicateTensor,
            $"'base_model.model.{QProj}.lora_A.weight'",
            $"'base_model.model.{QProj}.lora_A.default.weight'"
        );
        bench.Passed();
    }

    [Fact]
    public async Task A_git_lfs_pointer_in_the_place_of_the_weights_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(bench.InAdapter("adapter_model.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");

        await bench.AssertRefusedAsync(DiagnosticCode.LfsPointer, bench.InAdapter("adapter_model.safetensors"), "git lfs pull");
        bench.Passed();
    }

    [Fact]
    public async Task A_truncated_weight_file_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        using (FileStream weights = File.OpenWrite(bench.InAdapter("adapter_model.safetensors")))
            weights.SetLength(weights.Length - 1);

        await bench.AssertRefusedAsync(DiagnosticCode.SafetensorsInvalid, bench.InAdapter("adapter_model.safetensors"));
        bench.Passed();
    }

    [Fact]
    public async Task A_weight_file_without_tensors_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora());

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterIsEmpty, bench.InAdapter("adapter_model.safetensors"));
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_for_a_model_of_another_size_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora().Module(QProj, 8, 8));

        await bench.AssertRefusedAsync(DiagnosticCode.ShapeMismatch, QProj, "[2, 8]", "[8, 2]", "[4, 4]", bench.Adapter);
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_for_a_model_with_other_layers_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora().Module("transformer.h.0.attn.c_attn", 12, 4).Module(QProj, 4, 4));

        await bench.AssertRefusedAsync(
            DiagnosticCode.ModuleNotInBase,
            "1 of 2 modules",
            "transformer.h.0.attn.c_attn",
            bench.Adapter,
            bench.Base,
            "'tiny/llama'"
        );
        bench.Passed();
    }

    [Theory]
    [InlineData("lora_A", "lora_B")]
    [InlineData("lora_B", "lora_A")]
    public async Task Half_a_pair_is_refused(string present, string missing)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Without($"{QProj}.{missing}.weight"));

        await bench.AssertRefusedAsync(DiagnosticCode.HalfAPair, missing, QProj, bench.InAdapter("adapter_model.safetensors"));
        Assert.NotEqual(present, missing);
        bench.Passed();
    }

    [Fact]
    public async Task A_and_B_of_different_ranks_are_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled($"{QProj}.lora_B.weight", DType.F32, 4, 3));

        await bench.AssertRefusedAsync(DiagnosticCode.RankMismatch, QProj, "[2, 4]", "[4, 3]");
        bench.Passed();
    }

    [Theory]
    [InlineData("3")]
    [InlineData("2000000000")]
    public async Task A_rank_other_than_that_of_the_tensors_is_refused(string rank)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Config("r", JsonNode.Parse(rank)));

        await bench.AssertRefusedAsync(DiagnosticCode.RankMismatch, QProj, "[2, 4]", "rank " + rank, "rank_pattern");
        bench.Passed();
    }

    [Theory]
    [InlineData(QProj + ".lora_C.weight")]
    [InlineData(QProj + ".lora_A.alpha")]
    [InlineData("vera_A")]
    public async Task A_tensor_that_no_lora_adapter_has_is_refused(string name)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled(name, DType.F32, 2));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterTensorUnknown, name, "[2]", bench.InAdapter("adapter_model.safetensors"));
        bench.Passed();
    }

    [Fact]
    public async Task A_tensor_that_has_no_place_in_the_base_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled("model.layers.9.norm.weight", DType.F32, 4));

        await bench.AssertRefusedAsync(
            DiagnosticCode.TensorUnused,
            "model.layers.9.norm.weight",
            bench.InAdapter("adapter_model.safetensors"),
            "LoraMergeOnUnmatched"
        );
        bench.Passed();
    }

    [Fact]
    public async Task Saved_modules_of_no_name_do_not_let_every_tensor_pass()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(),
            TinyAdapter.ForLlama().Config("modules_to_save", new JsonArray("")).Filled("nowhere.weight", DType.F32, 4)
        );

        await bench.AssertRefusedAsync(DiagnosticCode.TensorUnused, "nowhere.weight");
        bench.Passed();
    }

    [Fact]
    public async Task A_config_that_is_named_as_the_weights_is_refused_as_what_it_is()
    {
        using var bench = new Workbench();
        string folder = bench.Adapter;
        bench.Adapter = bench.InAdapter("adapter_config.json");

        await bench.AssertRefusedAsync(DiagnosticCode.InputIsOfAnotherKind, "is a JSON file", $"Name its folder, '{folder}'");
        bench.Passed();
    }

    [Fact]
    public async Task A_tensor_of_whole_numbers_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled($"{QProj}.lora_A.weight", DType.I64, 2, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterDTypeInvalid, "I64", QProj);
        bench.Passed();
    }

    [Fact]
    public async Task Tensors_of_two_adapters_in_one_file_are_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora()
            .Filled($"{QProj}.lora_A.first.weight", DType.F32, 2, 4)
            .Filled($"{QProj}.lora_B.second.weight", DType.F32, 4, 2));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterNamesDisagree, "'first'", "'second'");
        bench.Passed();
    }

    [Fact]
    public async Task One_tensor_under_two_spellings_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled($"_orig_mod.{QProj}.lora_A.weight", DType.F32, 2, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.DuplicateTensor, QProj);
        bench.Passed();
    }

    [Fact]
    public async Task A_trained_bias_where_the_base_has_none_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().Filled($"{QProj}.lora_B.bias", DType.F32, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.BiasNotInBase, QProj, "lora_B.bias", bench.Base);
        bench.Passed();
    }

    [Fact]
    public async Task A_square_weight_of_an_unknown_architecture_is_refused_where_the_adapter_says_that_it_is_transposed()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().WithoutFile("config.json"), TinyAdapter.ForLlama().Config("fan_in_fan_out", true));

        await bench.AssertRefusedAsync(DiagnosticCode.OrientationAmbiguous, QProj, "[4, 4]", "config.json");
        bench.Passed();
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("{ \"fine_tune_type\": \"lora\", \"lora_parameters\": { \"rank\": 2, \"scale\": 1.0 } }", "")]
    [InlineData(null, "adapters.npz")]
    public async Task An_archive_of_numpy_arrays_is_refused(string? config, string named)
    {
        using var bench = new Workbench();
        Directory.Delete(bench.Adapter, recursive: true);
        Directory.CreateDirectory(bench.Adapter);
        File.WriteAllText(bench.InAdapter("adapters.npz"), "PK");
        if (config is not null)
            File.WriteAllText(bench.InAdapter("adapter_config.json"), config);
        bench.Adapter = Path.Combine(bench.Adapter, named);

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterIsNumpyArchive, "adapters.npz", "mx.save_safetensors", "\"rank\"");
        bench.Passed();
    }

    [Theory]
    [InlineData("lora_A", double.NaN, "NaN")]
    [InlineData("lora_B", double.PositiveInfinity, "Infinity")]
    public async Task A_number_that_is_not_finite_is_refused(string half, double value, string text)
    {
        long[] shape = half == "lora_A" ? [2, 4] : [4, 2];
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .With($"{QProj}.{half}.weight", DType.F16, shape, 0, 0, 0, value, 0, 0, 0, 0));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterNotFinite, $"{QProj}.{half}.weight", text, "element 3", "earlier save");
        bench.Passed();
    }

    [Fact]
    public async Task A_saved_module_that_is_not_finite_is_refused_as_a_fault_of_the_adapter()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .Config("modules_to_save", new JsonArray("input_layernorm"))
            .With("model.layers.0.input_layernorm.weight", DType.F32, [4], 1, double.NaN, 1, 1));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterNotFinite, "model.layers.0.input_layernorm.weight", bench.InAdapter("adapter_model.safetensors"));
        bench.Passed();
    }

    [Fact]
    public async Task A_result_that_does_not_fit_its_dtype_is_refused()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(DType.F16).With(QProj + ".weight", DType.F16, [4, 4], [.. Enumerable.Repeat(65504.0, 16)]),
            TinyAdapter
                .ForLlama()
                .With($"{QProj}.lora_A.weight", DType.F32, [2, 4], [.. Enumerable.Repeat(100.0, 8)])
                .With($"{QProj}.lora_B.weight", DType.F32, [4, 2], [.. Enumerable.Repeat(100.0, 8)])
        );

        await bench.AssertRefusedAsync(DiagnosticCode.ResultNotFinite, QProj, "F16", "bfloat16", bench.Adapter);
        bench.Passed();
    }

    [Fact]
    public async Task A_dtype_that_the_base_does_not_fit_is_refused()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama(DType.F32).With("model.embed_tokens.weight", DType.F32, [1, 4], 1, 2, 3, 70000), TinyAdapter.ForLlama());

        await bench.AssertRefusedAsync(DiagnosticCode.ResultNotFinite, ["--dtype", "float16"], ["model.embed_tokens.weight", "F16", "whose range is larger."]);
        bench.Passed();
    }

    [Fact]
    public async Task A_token_outside_the_vocabulary_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .Config("trainable_token_indices", new JsonArray(1, 8)).Filled("model.embed_tokens.token_adapter.trainable_tokens_delta", DType.F32, 2, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.TokenOutsideVocabulary, "token 8", "8 tokens", "model.embed_tokens");
        bench.Passed();
    }

    [Fact]
    public async Task A_token_that_is_named_twice_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .Config("trainable_token_indices", new JsonArray(5, 5)).Filled("model.embed_tokens.token_adapter.trainable_tokens_delta", DType.F32, 2, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.TokenTrainedTwice, "Token 5", "model.embed_tokens");
        bench.Passed();
    }

    [Fact]
    public async Task Rows_of_another_number_of_tokens_are_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .Config("trainable_token_indices", new JsonArray(1, 2, 3)).Filled("model.embed_tokens.token_adapter.trainable_tokens_delta", DType.F32, 2, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterConfigInvalid, "3 tokens", "[2, 4]");
        bench.Passed();
    }

    [Fact]
    public async Task A_tensor_that_two_adapters_replace_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .Config("modules_to_save", new JsonArray("input_layernorm")).Filled("model.layers.0.input_layernorm.weight", DType.F32, 4));

        await bench.AssertRefusedAsync(
            DiagnosticCode.TensorReplacedTwice,
            ["--adapter", bench.Adapter],
            ["model.layers.0.input_layernorm.weight", "Merge them into two models"]
        );
        bench.Passed();
    }

    [Fact]
    public async Task A_new_head_with_a_weight_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama()
            .Config("modules_to_save", new JsonArray("score")).Filled("score.weight", DType.F32, 3, 4));
        bench.Adapter += "=0.5";

        await bench.AssertRefusedAsync(DiagnosticCode.NewTensorWithWeight, "score.weight", "0.5", "Use weight 1");
        bench.Passed();
    }

    [Fact]
    public async Task Adapters_of_which_nothing_is_left_are_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.Lora().Module("other.layer", 4, 4));

        await bench.AssertRefusedAsync(DiagnosticCode.NothingToMerge, ["--on-unmatched", "warn"], [bench.Adapter, bench.Base, "nothing to merge"]);
        bench.Passed();
    }

    [Fact]
    public async Task A_request_without_adapters_is_refused()
    {
        using var bench = new Workbench();

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync(new MergeRequest(bench.Base, [])));

        Assert.Equal(DiagnosticCode.ArgumentInvalid, fault.Code);
        Assert.Contains(bench.Base, fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(bench.OutputPath));
        bench.Passed();
    }

    [Fact]
    public async Task A_base_of_another_version_is_refused()
    {
        using var bench = new Workbench();

        await bench.AssertRefusedAsync(
            DiagnosticCode.BaseVersionMismatch,
            ["--base-version", "2.0.0", "--base-range", "1=[1.0,2.0)"],
            [bench.Adapter, "2.0.0", "1.0"]
        );
        bench.Passed();
    }
}
