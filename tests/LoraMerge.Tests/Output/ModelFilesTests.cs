using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Comparing;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Output;

/// <summary>What lies in a merged model's folder.</summary>
public sealed class ModelFilesTests
{
    [Fact]
    public async Task Side_files_come_along_and_nothing_of_other_formats_does()
    {
        TinyCheckpoint model = TinyCheckpoint.Llama();
        string[] copied =
        [
            "LICENSE",
            "chat_template.jinja",
            "modeling_tiny.py",
            "preprocessor_config.json",
            "special_tokens_map.json",
            "templates/tool.jinja",
            "vocab.json",
        ];
        string[] left =
        [
            "pytorch_model.bin", "model.gguf", "model.onnx", "original/params.json", "onnx/decoder.onnx", "consolidated.00.pth", ".gitattributes", ".cache/x",
            "training_args.bin", "adapter_config.json", "lora-merge.json", "secret.env", "id_rsa", "notes/x.txt",
        ];
        foreach (string name in copied.Concat(left))
            model.File(name, "contents of " + name);
        using var bench = new Workbench(model, TinyAdapter.ForLlama());

        await bench.MergeAsync();

        Assert.Equal(
            [
                .. copied
                    .Concat(["config.json", "generation_config.json", "lora-merge.json", "model.safetensors", "tokenizer.json"])
                    .Order(StringComparer.Ordinal),
            ],
            FilesOf(bench.OutputPath)
        );
        foreach (string name in copied)
            Assert.Equal("contents of " + name, File.ReadAllText(Path.Combine(bench.OutputPath, name)));
        bench.Passed();
    }

    [Fact]
    public async Task What_is_no_part_of_a_model_is_left_out_and_said_once()
    {
        TinyCheckpoint checkpoint = TinyCheckpoint.Llama()
            .File("secret.env", "KEY=1").File("assets/logo.png", "x").File(".gitattributes", "x").File("README.md", "x");
        using var bench = new Workbench(checkpoint, TinyAdapter.ForLlama());

        CommandLineRun run = await bench.RunAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string line = Assert.Single(run.Output.Split('\n'), line => line.Contains("secret.env", StringComparison.Ordinal));
        Assert.Equal("Not in the merged model, as they are no part of one: assets/, secret.env.", line);
        bench.Passed();
    }

    /// <summary>A link to a snapshot, whose files are links to blobs.</summary>
    [Fact]
    public async Task A_model_in_a_cache_of_Hugging_Face_is_merged_through_its_links()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);
        foreach (string root in (string[])[bench.Base, bench.Adapter])
        {
            string cached = Path.Combine(bench.Folder, "hub", "models--org--" + Path.GetFileName(root));
            Directory.CreateDirectory(Path.Combine(cached, "blobs"));
            Directory.CreateDirectory(Path.Combine(cached, "snapshots", "1f"));
            foreach (string file in Directory.GetFiles(root))
            {
                File.Move(file, Path.Combine(cached, "blobs", "b" + Path.GetFileName(file)));
                File.CreateSymbolicLink(Path.Combine(cached, "snapshots", "1f", Path.GetFileName(file)), "../../blobs/b" + Path.GetFileName(file));
            }
            Directory.Delete(root);
            Directory.CreateSymbolicLink(root, Path.Combine(cached, "snapshots", "1f"));
        }

        await bench.MergeAsync();
        ModelComparison verified = await new Merger().VerifyAsync(bench.Request(), bench.OutputPath, CancellationToken.None);

        Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        Assert.True(verified.IsEqual);
        bench.Passed();
    }

    [Fact]
    public async Task A_module_of_sentence_transformers_keeps_its_weights()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().File("modules.json", "[]").File("2_Dense/config.json", "{}"), TinyAdapter.ForLlama());
        File.Copy(bench.InBase("model.safetensors"), bench.InBase("2_Dense/model.safetensors"));

        MergeResult result = await bench.MergeAsync();

        Assert.Equal(File.ReadAllBytes(bench.InBase("model.safetensors")), File.ReadAllBytes(Path.Combine(bench.OutputPath, "2_Dense", "model.safetensors")));
        Assert.Contains("2_Dense/model.safetensors", result.Manifest.Files.Keys);
        Assert.Contains("2_Dense/model.safetensors", result.Manifest.Base.Files.Keys);
        bench.Passed();
    }

    [Fact]
    public async Task Tokenizer_and_chat_template_of_the_adapter_win_over_those_of_the_base()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().File("chat_template.jinja", "base"),
            TinyAdapter
                .ForLlama()
                .File("tokenizer.json", "{ \"adapter\": 1 }")
                .File("chat_template.jinja", "adapter")
                .File("added_tokens.json", "{}")
                .File("README.md", "no")
                .File("config.json", "no")
        );

        await bench.MergeAsync();

        Assert.Equal("{ \"adapter\": 1 }", File.ReadAllText(Path.Combine(bench.OutputPath, "tokenizer.json")));
        Assert.Equal("adapter", File.ReadAllText(Path.Combine(bench.OutputPath, "chat_template.jinja")));
        Assert.True(File.Exists(Path.Combine(bench.OutputPath, "added_tokens.json")));
        Assert.False(File.Exists(Path.Combine(bench.OutputPath, "README.md")));
        Assert.Equal(File.ReadAllText(bench.InBase("config.json")), File.ReadAllText(Path.Combine(bench.OutputPath, "config.json")));
        bench.Passed();
    }

    /// <summary>Python's json writes these words, for example as Mamba2's time_step_limit.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("float32")]
    public async Task Infinities_of_the_config_stay_what_they_are(string? dtype)
    {
        const string config = """
            {
              "model_type": "llama",
              "tie_word_embeddings": false,
              "time_step_limit": [0.0,Infinity , -Infinity],
              "nan": NaN,
              "note": "a \\\" NaN, Infinity",
              "huge": 1e400,
              "torch_dtype": "bfloat16"
            }
            """;
        using var bench = new Workbench(TinyCheckpoint.Llama().File("config.json", config), TinyAdapter.ForLlama());

        Assert.Equal(0, (await bench.RunAsync(dtype is null ? [] : ["--dtype", dtype])).ExitCode);

        string merged = File.ReadAllText(Path.Combine(bench.OutputPath, "config.json"));
        if (dtype is null)
            Assert.Equal(config, merged);
        else
            Assert.Equal(WithoutBlanks(config.Replace("bfloat16", dtype, StringComparison.Ordinal)), WithoutBlanks(merged));
        bench.Passed();
    }

    private static string WithoutBlanks(string text) => new([.. text.Where(letter => !char.IsWhiteSpace(letter))]);

    [Fact]
    public async Task Two_adapters_with_different_tokenizers_give_a_warning()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama().File("tokenizer.json", "1"));
        string other = TinyAdapter.ForLlama().File("tokenizer.json", "2").WriteTo(Path.Combine(bench.Folder, "other"));

        CommandLineRun run = await bench.RunAsync("--adapter", other);

        Assert.Contains("warning LORA4012", run.Error, StringComparison.Ordinal);
        Assert.Equal("2", File.ReadAllText(Path.Combine(bench.OutputPath, "tokenizer.json")));
        bench.Passed();
    }

    [Fact]
    public async Task A_side_file_larger_than_any_buffer_is_copied_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 500_000).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        using var bench = new Workbench(TinyCheckpoint.Llama().File("tokenizer.json", text).File("README.md", ""), TinyAdapter.ForLlama());

        MergeResult result = await bench.MergeAsync(bench.Request() with { Verification = Verification.Full });

        Assert.Equal(text, File.ReadAllText(Path.Combine(bench.OutputPath, "tokenizer.json")));
        Assert.Equal(0, new FileInfo(Path.Combine(bench.OutputPath, "README.md")).Length);
        Assert.Equal(result.Manifest.Files.Keys, result.Manifest.Sha256!.Keys);
        bench.Passed();
    }

    [Fact]
    public async Task A_shard_of_any_name_is_merged_and_not_taken_for_a_side_file()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        string index = bench.InBase("model.safetensors.index.json");
        File.Move(bench.InBase("model-00001-of-00002.safetensors"), bench.InBase("weights.data"));
        File.WriteAllText(index, File.ReadAllText(index).Replace("model-00001-of-00002.safetensors", "weights.data", StringComparison.Ordinal));

        await bench.MergeAsync();

        Assert.NotEqual(File.ReadAllBytes(bench.InBase("weights.data")), File.ReadAllBytes(Path.Combine(bench.OutputPath, "weights.data")));
        bench.Passed();
    }

    [Fact]
    public async Task Without_any_change_config_and_index_keep_their_bytes()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(3), TinyAdapter.ForLlama());

        await bench.MergeAsync();

        foreach (string name in (string[])["config.json", "model.safetensors.index.json", "generation_config.json"])
            Assert.Equal(File.ReadAllBytes(bench.InBase(name)), File.ReadAllBytes(Path.Combine(bench.OutputPath, name)));
        Assert.Equal(FilesOf(bench.Base).Append("lora-merge.json").Order(StringComparer.Ordinal), FilesOf(bench.OutputPath));
        bench.Passed();
    }

    [Theory]
    [InlineData("torch_dtype", false)]
    [InlineData("dtype", false)]
    [InlineData("torch_dtype", true)]
    public async Task Another_dtype_stands_where_the_config_stated_the_old_one(string field, bool isNested)
    {
        string config = isNested
            ? "{\n  \"model_type\": \"llama\",\n  \"text_config\": {\n    \"" + field + "\": \"float32\",\n    \"x\": 1e-05\n  }\n}\n"
            : "{\n  \"model_type\": \"llama\",\n  \"" + field + "\": \"float32\",\n  \"x\": 1e-05\n}\n";
        using var bench = new Workbench(TinyCheckpoint.Llama(DType.F32).File("config.json", config), TinyAdapter.ForLlama());

        await bench.MergeAsync(bench.Request() with { DType = new OutputDType(DType.F16) });

        Assert.Equal(config.Replace("float32", "float16", StringComparison.Ordinal), File.ReadAllText(Path.Combine(bench.OutputPath, "config.json")));
        bench.Passed();
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public async Task A_float32_base_becomes_half_as_large_with_one_exact_rounding(DType half)
    {
        using var bench = new Workbench(
            TinyCheckpoint
                .Llama(DType.F32)
                .Filled("model.large.weight", DType.F32, 40, 50)
                .Filled("model.empty.weight", DType.F32, 3, 0)
                .Filled("model.ids", DType.I64, 5),
            TinyAdapter.ForLlama()
        );

        await bench.MergeAsync(bench.Request() with { DType = new OutputDType(half) });

        Dictionary<string, StoredTensor> before = TensorTable.Headers(bench.Base);
        Dictionary<string, StoredTensor> after = TensorTable.Headers(bench.OutputPath);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.All(after.Values.Where(tensor => tensor.Name != "model.ids"), tensor => Assert.Equal(half, tensor.DType));
        Assert.Equal(TensorTable.Bytes(before["model.ids"]), TensorTable.Bytes(after["model.ids"]));
        foreach (string name in (string[])["model.large.weight", "lm_head.weight", "model.layers.0.input_layernorm.weight"])
            Assert.Equal(TensorTable.Values(before[name]).Select(value => Precision.Round(value, half)), TensorTable.Values(after[name]));
        bench.Passed();
    }

    [Theory]
    [InlineData("1B", 8)]
    [InlineData("100B", 4)]
    [InlineData("200B", 2)]
    [InlineData("1KB", 1)]
    public async Task The_largest_shard_size_deals_the_tensors_out_in_order(string size, int expectedFiles)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());

        CommandLineRun run = await bench.RunAsync("--max-shard-size", size);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string[] files = [.. FilesOf(bench.OutputPath).Where(name => name.EndsWith(".safetensors", StringComparison.Ordinal))];
        Assert.Equal(expectedFiles, files.Length);
        Assert.All(files, file => Assert.Matches(files.Length == 1 ? "^model.safetensors$" : $"^model-0000[1-9]-of-{files.Length:D5}.safetensors$", file));
        JsonNode index = JsonNode.Parse(File.ReadAllText(Path.Combine(bench.OutputPath, "model.safetensors.index.json")))!;
        Assert.Equal(TensorTable.Headers(bench.Base).Values.Sum(tensor => tensor.ByteLength), (long)index["metadata"]!["total_size"]!);
        Assert.Equal(TensorTable.Headers(bench.Base).Keys.Order(StringComparer.Ordinal), index["weight_map"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(TensorTable.Headers(bench.Base).Count, TensorTable.Headers(bench.OutputPath).Count);
        bench.Passed();
    }

    [Fact]
    public async Task A_single_weight_file_becomes_one_weight_file()
    {
        using var bench = new Workbench();
        bench.Base = bench.InBase("model.safetensors");

        MergeResult result = await bench.MergeAsync();

        Assert.Equal(["lora-merge.json", "model.safetensors"], FilesOf(bench.OutputPath));
        Assert.Equal("model", result.Manifest.Name);
        bench.Passed();
    }

    [Fact]
    public async Task The_manifest_holds_no_path_user_host_or_time()
    {
        using var bench = new Workbench();
        await bench.MergeAsync(bench.Request() with { Name = "tiny", BaseVersion = "1.0.0", Verification = Verification.Full });

        string text = File.ReadAllText(Path.Combine(bench.OutputPath, "lora-merge.json"));

        Assert.All(TextsOf(JsonDocument.Parse(text).RootElement), value =>
        {
            Assert.False(Path.IsPathRooted(value), value);
            Assert.DoesNotContain(bench.Folder, value, StringComparison.Ordinal);
        });
        Assert.DoesNotContain(Environment.UserName, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Environment.MachineName, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(DateTime.UtcNow.Year.ToString(System.Globalization.CultureInfo.InvariantCulture) + "-", text, StringComparison.Ordinal);
        bench.Passed();
    }

    private static string[] FilesOf(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder, file))
                .Order(StringComparer.Ordinal),
        ];

    private static IEnumerable<string> TextsOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(field => TextsOf(field.Value).Prepend(field.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(TextsOf),
        JsonValueKind.String => [element.GetString()!],
        _ => [],
    };
}
