using System.Text;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.BadInput;

/// <summary>Bases that cannot be merged into: each is refused with its own code, and an earlier result stays as it was.</summary>
public sealed class BaseTests
{
    private const string LfsPointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4cac19622fc3ada9c0fdeadb33f88f367b541f38b89102a3f1261ac81fd5bcb5\nsize 84977953\n";

    [Fact]
    public async Task A_missing_folder_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Directory.Delete(bench.Base, recursive: true);

        await bench.AssertRefusedAsync(DiagnosticCode.PathNotFound, bench.Base, "does not exist", "Correct the path");
        bench.Passed();
    }

    [Fact]
    public async Task An_empty_folder_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Directory.Delete(bench.Base, recursive: true);
        Directory.CreateDirectory(bench.Base);

        await bench.AssertRefusedAsync(DiagnosticCode.CheckpointHasNoWeights, bench.Base, "model.safetensors");
        bench.Passed();
    }

    [Fact]
    public async Task A_git_lfs_pointer_in_the_place_of_the_weights_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(bench.InBase("model.safetensors"), LfsPointer);

        await bench.AssertRefusedAsync(DiagnosticCode.LfsPointer, bench.InBase("model.safetensors"), "git lfs pull");
        bench.Passed();
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    public async Task A_git_lfs_pointer_in_the_place_of_a_side_file_is_refused(string name)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(bench.InBase(name), LfsPointer);

        await bench.AssertRefusedAsync(DiagnosticCode.LfsPointer, bench.InBase(name), "git lfs pull");
        bench.Passed();
    }

    [Theory]
    [InlineData("nothing at all", "")]
    [InlineData("half a length", "\x08\0\0")]
    [InlineData("a header longer than the file", "\xFF\0\0\0\0\0\0\0{}")]
    [InlineData("a header of an exabyte", "\0\0\0\0\0\0\0\x10{}")]
    [InlineData("no JSON", "\x08\0\0\0\0\0\0\0{{{{{{{{")]
    [InlineData("text of a web page", "<!DOCTYPE html><html><body>Access to this model is restricted</body></html>")]
    [InlineData("bytes behind the last tensor", "\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}          abcdefgh")]
    [InlineData("data cut off", "\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}          ab")]
    [InlineData("an unknown dtype", "\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}          abcd")]
    [InlineData("a shape of another length", "\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}          abcd")]
    public async Task A_corrupt_weight_file_is_refused(string what, string bytes)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllBytes(bench.InBase("model.safetensors"), Encoding.Latin1.GetBytes(bytes));

        await bench.AssertRefusedAsync(DiagnosticCode.SafetensorsInvalid, bench.InBase("model.safetensors"), "etch it again");
        Assert.NotEmpty(what);
        bench.Passed();
    }

    [Fact]
    public async Task A_truncated_weight_file_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        using (FileStream weights = File.OpenWrite(bench.InBase("model.safetensors")))
            weights.SetLength(weights.Length - 1);

        await bench.AssertRefusedAsync(DiagnosticCode.SafetensorsInvalid, bench.InBase("model.safetensors"), "interrupted download");
        bench.Passed();
    }

    [Fact]
    public async Task A_shard_that_the_index_names_and_that_is_missing_is_refused()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        File.Delete(bench.InBase("model-00002-of-00002.safetensors"));

        await bench.AssertRefusedAsync(
            DiagnosticCode.ShardMissing,
            bench.InBase("model.safetensors.index.json"),
            "model-00002-of-00002.safetensors",
            "lm_head.weight"
        );
        bench.Passed();
    }

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("/etc/secret.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..\\\\secret.safetensors")]
    [InlineData("C:\\\\secret.safetensors")]
    [InlineData("..")]
    public async Task An_index_that_names_a_file_outside_its_folder_is_refused(string shard)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        ReplaceIn(bench.InBase("model.safetensors.index.json"), "model-00002-of-00002.safetensors", shard);

        await bench.AssertRefusedAsync(DiagnosticCode.ShardOutsideFolder, shard.Replace("\\\\", "\\", StringComparison.Ordinal), "Do not trust this model");
        bench.Passed();
    }

    [Theory]
    [InlineData("not json", "not json")]
    [InlineData("[]", "no object at its top")]
    [InlineData("{}", "weight_map")]
    [InlineData("{\"weight_map\": []}", "weight_map")]
    [InlineData("{\"weight_map\": {\"a\": 7}}", "'a'")]
    [InlineData("{\"weight_map\": {\"a\": \"\"}}", "'a'")]
    [InlineData("{\"weight_map\": {\"a\": \"x\", \"a\": \"y\"}}", "no JSON")]
    [InlineData("{\"weight_map\": {\"\\ud800\": \"x\"}}", "not Unicode")]
    public async Task An_unusable_index_is_refused(string text, string mention)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        File.WriteAllText(bench.InBase("model.safetensors.index.json"), text);

        await bench.AssertRefusedAsync(DiagnosticCode.IndexInvalid, bench.InBase("model.safetensors.index.json"), mention == "not json" ? "no JSON" : mention);
        bench.Passed();
    }

    [Theory]
    [InlineData("\"lm_head.weight\":\"model-00002-of-00002.safetensors\"", "\"other.weight\":\"model-00002-of-00002.safetensors\"", "which does not hold it")]
    [InlineData(
        "\"lm_head.weight\":\"model-00002-of-00002.safetensors\"",
        "\"lm_head.weight\":\"model-00001-of-00002.safetensors\"",
        "where the index says 'model-00001-of-00002.safetensors'"
    )]
    [InlineData("\"lm_head.weight\"", "\"more.weight\":\"model-00002-of-00002.safetensors\",\"lm_head.weight\"", "which does not hold it")]
    public async Task An_index_that_disagrees_with_its_shards_is_refused(string from, string to, string how)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        ReplaceIn(bench.InBase("model.safetensors.index.json"), from, to);

        await bench.AssertRefusedAsync(DiagnosticCode.IndexDisagreesWithShard, how, "model-00002-of-00002.safetensors", "one revision");
        bench.Passed();
    }

    [Fact]
    public async Task Several_weight_files_without_an_index_are_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.Copy(bench.InBase("model.safetensors"), bench.InBase("fp16.safetensors"));
        File.Move(bench.InBase("model.safetensors"), bench.InBase("fp32.safetensors"));

        await bench.AssertRefusedAsync(DiagnosticCode.CheckpointIsAmbiguous, "fp16.safetensors", "fp32.safetensors");
        bench.Passed();
    }

    [Fact]
    public async Task An_adapter_in_the_place_of_the_base_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        bench.Base = bench.Adapter;

        await bench.AssertRefusedAsync(DiagnosticCode.BaseIsAdapter, bench.Adapter, "LoraBaseModel");
        bench.Passed();
    }

    [Theory]
    [InlineData("{", "config.json")]
    [InlineData("[1, 2]", "no object at its top")]
    [InlineData("{\"rope_theta\": nan}", "line 1, column 17")]
    [InlineData("{\n\"a\": 1,\n\"rope_theta\": +Infinity}", "line 3")]
    [InlineData("{\"rope_theta\": Infinityx}", "line 1")]
    [InlineData("{NaN: 1}", "line 1")]
    [InlineData("{\"note\": \"no NaN here\", }", "trailing comma")]
    [InlineData("{\"a\": 1, \"a\": 2}", "uplicate")]
    [InlineData("{\"a\": \"\\ud800\"}", "not Unicode")]
    public async Task A_config_that_is_no_json_is_refused(string text, string mention)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllText(bench.InBase("config.json"), text);

        await bench.AssertRefusedAsync(DiagnosticCode.ConfigInvalid, bench.InBase("config.json"), mention);
        bench.Passed();
    }

    [Theory]
    [InlineData("a text", (byte)'"', (byte)0xFF, (byte)'"')]
    [InlineData("UTF-16", (byte)0xFF, (byte)0xFE, (byte)'{')]
    public async Task A_config_that_is_not_utf8_is_refused(string what, params byte[] bytes)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.WriteAllBytes(bench.InBase("config.json"), what == "a text" ? [.. "{\"a\":"u8, .. bytes, (byte)'}'] : bytes);

        await bench.AssertRefusedAsync(DiagnosticCode.ConfigInvalid, bench.InBase("config.json"));
        bench.Passed();
    }

    [Fact]
    public async Task Weights_with_infinity_where_the_adapter_changes_them_are_refused()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().With("model.layers.0.self_attn.q_proj.weight", DType.BF16, [4, 4], [.. Enumerable.Repeat(1.0, 15), double.NegativeInfinity]),
            TinyAdapter.ForLlama()
        );

        await bench.AssertRefusedAsync(
            DiagnosticCode.BaseNotFinite,
            bench.InBase("model.safetensors"),
            "model.layers.0.self_attn.q_proj.weight",
            "Fetch the base model again"
        );
        bench.Passed();
    }

    [Fact]
    public async Task A_base_of_whole_numbers_is_refused_where_the_adapter_changes_them()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled("model.layers.0.self_attn.q_proj.weight", DType.I32, 4, 4), TinyAdapter.ForLlama());

        await bench.AssertRefusedAsync(DiagnosticCode.TargetDTypeInvalid, "I32", "model.layers.0.self_attn.q_proj.weight");
        bench.Passed();
    }

    [Fact]
    public async Task A_side_file_that_links_to_nothing_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.Delete(bench.InBase("tokenizer.json"));
        File.CreateSymbolicLink(bench.InBase("tokenizer.json"), bench.InBase("blobs/abc"));

        await bench.AssertRefusedAsync(DiagnosticCode.InputNotReadable, bench.Base);
        bench.Passed();
    }

    [Fact]
    public async Task A_side_file_that_links_to_a_device_without_end_is_refused()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "There is no /dev/zero here.");
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.CreateSymbolicLink(bench.InBase("LICENSE"), "/dev/zero");

        await bench.AssertRefusedAsync(DiagnosticCode.InputLeadsOut, bench.InBase("LICENSE"), "/dev/zero");
        bench.Passed();
    }

    [Fact]
    public async Task A_folder_that_leads_round_in_a_circle_is_no_part_of_the_base()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);
        Directory.CreateSymbolicLink(bench.InBase("again"), bench.Base);

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("no part of one: again/.", run.Output, StringComparison.Ordinal);
        Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        bench.Passed();
    }

    [Theory]
    [InlineData("consolidated-00001.safetensors")]
    [InlineData("Consolidated.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("adapter_model.safetensors")]
    [InlineData("Adapter_Model-1.safetensors")]
    [InlineData(".hidden.safetensors")]
    [InlineData("weights-1.bin")] // a pickle in an index of safetensors
    [InlineData("model.gguf")]
    [InlineData("x.safetensors.index.json")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("lora-merge.json")]
    [InlineData(".lora-merge.lock")]
    [InlineData("generation_config.json")]
    [InlineData("TOKENIZER.json")]
    public async Task An_index_that_names_a_file_which_nobody_takes_for_weights_is_refused(string shard)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2).WithoutFile("generation_config.json"), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        bool isIndex = shard == "model.safetensors.index.json";
        if (!isIndex)
            File.Move(bench.InBase("model-00002-of-00002.safetensors"), bench.InBase(shard));
        ReplaceIn(bench.InBase("model.safetensors.index.json"), "model-00002-of-00002.safetensors", shard);

        await bench.AssertRefusedAsync(DiagnosticCode.ShardIsNoWeightFile, bench.InBase("model.safetensors.index.json"), $"'{shard}'", "lm_head.weight");
        bench.Passed();
    }

    [Theory]
    [InlineData("weights.dat")]
    [InlineData("tokenizer")]
    public async Task A_single_file_that_is_not_called_like_weights_is_refused(string name)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        File.Move(bench.InBase("model.safetensors"), bench.InBase(name), overwrite: true);
        bench.Base = bench.InBase(name);

        await bench.AssertRefusedAsync(DiagnosticCode.BaseFileIsNoWeightFile, bench.Base, "*.safetensors");
        bench.Passed();
    }

    [Theory]
    [InlineData("base/model.safetensors")]
    [InlineData("base/config.json")]
    [InlineData("base/LICENSE")]
    [InlineData("adapter/adapter_model.safetensors")]
    [InlineData("adapter/adapter_config.json")]
    [InlineData("adapter/tokenizer.json")]
    public async Task A_link_that_leads_out_of_the_folder_is_refused(string link)
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string path = Path.Combine(bench.Folder, link);
        string elsewhere = Path.Combine(bench.Folder, "elsewhere");
        if (File.Exists(path))
            File.Move(path, elsewhere);
        else
            File.WriteAllText(elsewhere, "of the user");
        File.CreateSymbolicLink(path, elsewhere);

        await bench.AssertRefusedAsync(DiagnosticCode.InputLeadsOut, path, elsewhere);
        bench.Passed();
    }

    [Fact]
    public async Task A_folder_that_leads_out_of_the_base_is_refused()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        Directory.CreateDirectory(Path.Combine(bench.Folder, "elsewhere"));
        File.WriteAllText(Path.Combine(bench.Folder, "elsewhere", "config.json"), "{}");
        Directory.CreateSymbolicLink(bench.InBase("1_Pooling"), "../elsewhere");

        await bench.AssertRefusedAsync(DiagnosticCode.InputLeadsOut, bench.InBase("1_Pooling/config.json"), Path.Combine("elsewhere", "config.json"));
        bench.Passed();
    }

    private static void ReplaceIn(string file, string from, string to)
    {
        string text = File.ReadAllText(file);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(from, to, StringComparison.Ordinal));
    }
}
