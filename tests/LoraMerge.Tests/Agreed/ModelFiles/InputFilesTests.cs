namespace LoraMerge.Tests.Agreed.ModelFiles;

public sealed class InputFilesTests
{
    [Fact]
    public void A_base_is_its_weights_and_the_known_files_beside_them()
    {
        using var folder = new TemporaryFolder();
        string[] parts =
        [
            "config.json", "model.safetensors", "tokenizer.json", "tokenizer.model", "qwen.tiktoken", "preprocessor_config.json", "modeling_x.py",
            "LICENSE", "Notice.txt", "README.md",
            "modules.json", "1_Pooling/config.json", "2_Dense/model.safetensors", "additional_chat_templates/tool.jinja", "original/tokenizer.model",
        ];
        string[] strange =
        [
            "1_Pooling/secret.env", "assets/logo.png", "db.json", "id_rsa", "notes.txt", "original/params.env", "secret.env", "tokenizer.safetensors",
        ];
        string[] others =
        [
            ".gitattributes", ".cache/x", "pytorch_model.bin", "model.gguf", "original/consolidated.00.pth", "onnx/model.onnx", "consolidated.00.pth",
            "consolidated.safetensors", "optimizer.pt", "training_args.bin", "lora-merge.json",
        ];
        foreach (string name in (string[])[.. parts, .. strange, .. others])
            folder.Write(name);

        InputRoot root = InputFiles.OfBase(folder.Path);

        Assert.Equal(parts.Order(StringComparer.Ordinal), root.Files.Select(file => file.RelativePath));
        Assert.Equal(["model.safetensors"], root.Files.Where(file => !file.IsBeside).Select(file => file.RelativePath));
        Assert.Equal(strange.Select(name => name == "assets/logo.png" ? "assets/" : name), root.LeftOut);
    }

    [Fact]
    public void An_adapter_is_its_config_its_weights_and_its_tokenizer()
    {
        using var folder = new TemporaryFolder();
        string[] parts = ["adapter_config.json", "adapter_model.safetensors", "chat_template.jinja", "config.json", "tokenizer_config.json"];
        foreach (string name in (string[])[.. parts, "adapter_model.bin", "README.md", "runs/x", "optimizer.pt", "secret.env"])
            folder.Write(name);

        InputRoot root = InputFiles.OfAdapter(folder.Path, number: 2);

        Assert.Equal("adapter2", root.Label);
        Assert.Equal(parts, root.Files.Select(file => file.RelativePath));
        Assert.Equal(["chat_template.jinja", "tokenizer_config.json"], root.Files.Where(file => file.IsBeside).Select(file => file.RelativePath));
    }

    [Fact]
    public void Pickled_adapter_weights_count_only_where_there_are_no_others()
    {
        using var folder = new TemporaryFolder();
        folder.Write("adapter_model.bin");

        InputRoot root = InputFiles.OfAdapter(folder.Path, number: 1);

        Assert.Equal(["adapter_model.bin"], root.Files.Select(file => file.RelativePath));
    }

    [Fact]
    public void A_single_adapter_file_brings_the_config_beside_it()
    {
        using var folder = new TemporaryFolder();
        folder.Write("adapter_config.json");
        folder.Write("tokenizer.json");
        string weights = folder.Write("pirate.safetensors");

        InputRoot root = InputFiles.OfAdapter(weights, number: 1);

        Assert.Equal(weights, root.Path);
        Assert.Equal(["adapter_config.json", "pirate.safetensors"], root.Files.Select(file => file.RelativePath));
    }

    [Fact]
    public void A_name_with_a_line_break_is_an_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names.");
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer\n.json");

        IOException fault = Assert.Throws<IOException>(() => InputFiles.OfBase(folder.Path));

        Assert.Contains("line break", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_from_after_the_year_9999_has_a_stamp_too()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "No file system here has such times.");
        string file = Path.Combine("/dev/shm", Path.GetRandomFileName());
        await File.WriteAllTextAsync(file, "weights", TestContext.Current.CancellationToken);
        await ChildProcess.SkipUnless("There is no touch here.", "touch", "-d", "@300000000000", file);

        FileStamp stamp = FileStamp.Of(file);

        File.Delete(file);
        Assert.Equal(7, stamp.ByteLength);
        Assert.False(stamp.HasTime);
    }

    [Theory]
    [InlineData("*.onnx*", "decoder.onnx_data", true)]
    [InlineData("optimizer*", "Optimizer.pt", true)]
    [InlineData("*.bin", "model.bin.json", false)]
    [InlineData("tokenizer*", "tokenizer", true)]
    [InlineData("vocab.*", "vocab", false)]
    [InlineData("#_*", "1_Pooling", true)]
    [InlineData("#_*", "x_Pooling", false)]
    [InlineData("#", "", false)]
    public void A_star_stands_for_any_run_of_characters_and_a_hash_for_a_digit(string pattern, string name, bool matches)
    {
        Assert.Equal(matches, NamePattern.Matches(pattern, name));
    }
}
