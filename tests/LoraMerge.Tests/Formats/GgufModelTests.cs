using System.Text.Json.Nodes;
using LoraMerge.Gguf.Container;
using LoraMerge.Manifests;
using LoraMerge.Requests;
using LoraMerge.Store;
using LoraMerge.Writing;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.Formats;

/// <summary>A merged GGUF file is verified, compared, inspected and planned like any other merged model.</summary>
public sealed class GgufModelTests
{
    public static TheoryData<string, string> MergedCases =>
    [
        .. GoldenCase.All.Where(golden => GoldenCase.ExpectationOf(golden.Archive, golden.Name) == "gguf")
            .Select(golden => new TheoryDataRow<string, string>(golden.Archive, golden.Name)),
    ];

    [Theory]
    [InlineData("llama.zip", "llama-plain", "Q8_0")]
    [InlineData("wide.zip", "llama-wide", "Q4_K_M")]
    public async Task The_same_merge_gives_the_same_bytes_and_verifies(string archive, string name, string type)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        string one = await MergeAsync(golden, type, "one"), other = await MergeAsync(golden, type, "other", "--threads", "1", "--max-memory", "310MB");

        CommandLineRun verified = await CommandLineRun.Of(["verify", one, .. Arguments(golden, type)]);
        CommandLineRun compared = await CommandLineRun.Of("diff", one, other);

        Assert.Equal(Contents(one), Contents(other));
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
        Assert.Contains("equal: all", verified.Output, StringComparison.Ordinal);
        Assert.True(compared.ExitCode == 0, compared.Output);
    }

    [Fact]
    public async Task One_changed_byte_is_found()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string model = await MergeAsync(golden, "Q8_0", "model");
        string file = Directory.GetFiles(model, "*.gguf").Single();
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[^64] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        CommandLineRun verified = await CommandLineRun.Of(["verify", model, .. Arguments(golden, "Q8_0")]);

        Assert.Equal(1, verified.ExitCode);
        Assert.Matches(@"1 of \d+ values differ, by at most", verified.Output);
        Assert.Contains("different: 1 of", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_quantization_is_told_type_by_type()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string one = await MergeAsync(golden, "F16", "one"), other = await MergeAsync(golden, "Q8_0", "other");

        CommandLineRun compared = await CommandLineRun.Of("diff", one, other);
        CommandLineRun verified = await CommandLineRun.Of(["verify", one, .. Arguments(golden, "Q8_0")]);

        Assert.Equal(1, compared.ExitCode);
        Assert.Contains("F16 against Q8_0", compared.Output, StringComparison.Ordinal);
        Assert.Contains("general.file_type = 7 instead of 1", compared.Output, StringComparison.Ordinal);
        Assert.Equal(1, verified.ExitCode);
        Assert.Matches(@"F16 \[.*\] instead of Q8_0", verified.Output);
        Assert.Contains("options.quantization", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_says_its_metadata_and_types()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string model = await MergeAsync(golden, "Q8_0", "chat");

        CommandLineRun folder = await CommandLineRun.Of("inspect", model);
        CommandLineRun file = await CommandLineRun.Of("inspect", Directory.GetFiles(model, "*.gguf").Single(), "--json");
        JsonObject facts = JsonNode.Parse(file.Output)!.AsObject();

        Assert.Contains("merged GGUF model", folder.Output, StringComparison.Ordinal);
        Assert.Contains("adapter (weight 1)", folder.Output, StringComparison.Ordinal);
        Assert.Equal("GGUF model", (string?)facts["what"]);
        Assert.StartsWith("Q8_0 (", (string?)facts["types"]![0], StringComparison.Ordinal);
        Assert.Contains("general.architecture = \"llama\"", facts["metadata"]!.AsArray().Select(line => (string?)line));
    }

    [Fact]
    public async Task A_plan_names_file_and_types_without_reading_weights()
    {
        using GoldenCase golden = GoldenCase.Open("wide.zip", "llama-wide");

        CommandLineRun text = await CommandLineRun.Of(["plan", .. Arguments(golden, "Q4_K_M")]);
        CommandLineRun json = await CommandLineRun.Of(["plan", "--json", .. Arguments(golden, "Q4_K_M")]);
        string model = await MergeAsync(golden, "Q4_K_M", "model");
        JsonObject plan = JsonNode.Parse(json.Output)!.AsObject();

        Assert.Contains("gguf Q4_K_M: ", text.Output, StringComparison.Ordinal);
        Assert.Equal("base.gguf", (string?)Assert.Single(plan["files"]!.AsArray()));
        Assert.Equal(new FileInfo(Path.Combine(model, "base.gguf")).Length, (long)plan["byteLength"]!);
        Assert.Equal(MergeManifest.Read(Path.Combine(model, MergeManifest.FileName)).Key, (string?)plan["key"]);
    }

    [Fact]
    public async Task The_file_says_what_it_is_made_of_and_neither_path_nor_time()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string model = await MergeAsync(golden, "F16", "model", "--name", "chat", "--base-version", "1.2", "--adapter-version", "1=3.4");

        using GgufModel file = GgufModel.Open(Path.Combine(model, "chat.gguf"));

        Assert.Equal("chat", Text(file, "general.name"));
        Assert.Equal(("base", "1.2"), (Text(file, "general.base_model.0.name"), Text(file, "general.base_model.0.version")));
        Assert.Equal(("adapter", "3.4"), (Text(file, "lora_merge.adapter.0.name"), Text(file, "lora_merge.adapter.0.version")));
        Assert.Matches("^[0-9a-f]{32}$", Text(file, "lora_merge.adapter.0.xxh128"));
        Assert.NotEqual(new string('0', 32), Text(file, "lora_merge.adapter.0.xxh128"));
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(model, "chat.gguf"), TestContext.Current.CancellationToken);
        Assert.Equal(-1, bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(golden.BaseFolder)));
    }

    [Theory]
    [InlineData("--quantization", "Q8_0", "LORA2074")]
    [InlineData("--modelfile", "true", "LORA2074")]
    [InlineData("--format", "onnx", "LORA1101")]
    public async Task What_a_format_does_not_have_is_refused(string option, string value, string code)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");

        CommandLineRun run = await CommandLineRun.Of(
            "merge", "--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--output", Path.Combine(golden.OutputFolder, "model"), option, value);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(code, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(golden.OutputFolder));
    }

    [Fact]
    public async Task A_dtype_is_none_of_gguf_and_a_model_is_verified_in_its_own_format()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string gguf = await MergeAsync(golden, "F16", "gguf"), safetensors = Path.Combine(golden.OutputFolder, "safetensors");
        string[] inputs = ["--base", golden.BaseFolder, "--adapter", golden.AdapterFolder];
        CommandLineRun plain = await CommandLineRun.Of(["merge", .. inputs, "--output", safetensors, "--device", "cpu"]);

        CommandLineRun[] refused =
        [
            await CommandLineRun.Of(["plan", .. Arguments(golden, "F16"), "--dtype", "float16"]),
            await CommandLineRun.Of(["verify", safetensors, .. Arguments(golden, "F16")]),
            await CommandLineRun.Of(["verify", gguf, .. inputs]),
        ];

        Assert.Equal(0, plain.ExitCode);
        string[] codes = ["LORA2074", "LORA2075", "LORA2075"];
        Assert.All(refused.Zip(codes), pair => Assert.Contains(pair.Second, pair.First.Error, StringComparison.Ordinal));
    }

    /// <summary>Whole files where there are several; the first has the metadata, which names the adapter's hash. Within a file, tensor by tensor.</summary>
    [Theory]
    [InlineData("100KB")]
    [InlineData(null)]
    public async Task What_a_changed_adapter_does_not_touch_is_not_made_again(string? size)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "split");
        MergeRequest request = new(golden.BaseFolder, [new AdapterRequest(golden.AdapterFolder)])
        {
            Format = "gguf",
            Quantization = "Q8_0",
            MaxShardSize = size is not null && ByteSize.TryParse(size, out ByteSize? limit) ? limit : null,
            Device = "cpu",
        };
        await StoreAsync(request, golden, "store");
        await ChangeLastTensorAsync(golden);

        MergeResult second = await StoreAsync(request, golden, "store"), anew = await StoreAsync(request, golden, "other");

        Assert.Equal(size is not null, second.WrittenByteLength < anew.WrittenByteLength);
        Assert.Equal(1, second.ComputedTensorCount);
        Assert.InRange(anew.ComputedTensorCount, 2, int.MaxValue);
        Assert.Equal(FolderContents.Of(anew.Folder), FolderContents.Of(second.Folder));
    }

    /// <summary>Stacks of experts, rows in pairs for rope, numbers of the config: each tensor of the file is made in a way of its own.</summary>
    [Theory]
    [MemberData(nameof(MergedCases))]
    public async Task A_GGUF_file_with_tensors_of_an_earlier_one_is_the_same_to_the_byte(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        MergeRequest request = new(golden.BaseFolder, [new AdapterRequest(golden.AdapterFolder)])
        {
            Format = "gguf", Quantization = golden.Types.Last(), Device = "cpu",
        };
        await StoreAsync(request with { Quantization = request.Quantization == "F32" ? "BF16" : "F32" }, golden, "store");
        MergeResult first = await StoreAsync(request, golden, "store");

        MergeResult named = await StoreAsync(request with { BaseVersion = "2" }, golden, "store");
        await ChangeLastTensorAsync(golden);
        MergeResult changed = await StoreAsync(request, golden, "store"), anew = await StoreAsync(request, golden, "other");

        Assert.Equal(FolderContents.Of(anew.Folder), FolderContents.Of(changed.Folder));
        Assert.InRange(changed.ComputedTensorCount, 1, Math.Max(1, anew.ComputedTensorCount - 1));
        Assert.Equal((0, first.Manifest.Tensors.Count), (named.ComputedTensorCount, named.Manifest.Tensors.Count));
        Assert.Equal(first.Manifest.MadeRecipes, named.Manifest.MadeRecipes);
    }

    private static async Task ChangeLastTensorAsync(GoldenCase golden)
    {
        string weights = Path.Combine(golden.AdapterFolder, "adapter_model.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(weights, TestContext.Current.CancellationToken);
        bytes[^2] ^= 64;
        await File.WriteAllBytesAsync(weights, bytes, TestContext.Current.CancellationToken);
    }

    private static Task<MergeResult> StoreAsync(MergeRequest request, GoldenCase golden, string store) => new Merger().MergeIntoStoreAsync(
        request,
        new StoreRequest(Path.Combine(golden.OutputFolder, store), Path.Combine(golden.OutputFolder, store + ".state"), NewerThan: null),
        TestContext.Current.CancellationToken);

    private static string? Text(GgufModel file, string key) => file.Metadata.TryGetText(key, out string? text) ? text : null;

    private static async Task<string> MergeAsync(GoldenCase golden, string type, string folder, params string[] further)
    {
        string output = Path.Combine(golden.OutputFolder, folder);
        CommandLineRun run = await CommandLineRun.Of(["merge", .. Arguments(golden, type), "--output", output, .. further]);
        Assert.True(run.ExitCode == 0, run.Error);
        return output;
    }

    private static string[] Arguments(GoldenCase golden, string type) =>
        ["--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--format", "gguf", "--quantization", type, "--device", "cpu"];

    private static Dictionary<string, string> Contents(string folder) => Directory.GetFiles(folder)
        .ToDictionary(file => Path.GetFileName(file), file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));
}
