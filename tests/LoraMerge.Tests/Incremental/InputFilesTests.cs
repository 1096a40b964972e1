using LoraMerge.Incremental;

namespace LoraMerge.Tests.Incremental;

public sealed class InputFilesTests
{
    [Fact]
    public void A_base_is_its_weights_and_side_files_and_nothing_of_other_formats()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])
            ["config.json", "model.safetensors", "tokenizer.json", "modeling_x.py", "LICENSE", "1_Pooling/config.json", "chat_templates/tool.jinja",
             ".gitattributes", ".cache/x", "pytorch_model.bin", "model.gguf", "original/params.json", "onnx/model.onnx", "consolidated.00.pth",
             "adapter_config.json", "adapter_model.safetensors", "optimizer.pt", "training_args.bin", "lora-merge.json", "fp16/model.safetensors"])
        {
            folder.Write(name);
        }

        InputRoot root = InputFiles.OfBase(folder.Path);

        Assert.Equal(["1_Pooling/config.json", "LICENSE", "chat_templates/tool.jinja", "config.json", "model.safetensors", "modeling_x.py", "tokenizer.json"],
            root.Files.Select(file => file.RelativePath));
    }

    [Fact]
    public void An_adapter_is_its_config_its_weights_and_its_tokenizer()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])
            ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin", "tokenizer_config.json", "chat_template.jinja", "README.md", "runs/x", "optimizer.pt"])
        {
            folder.Write(name);
        }

        InputRoot root = InputFiles.OfAdapter(folder.Path, number: 2);

        Assert.Equal("adapter2", root.Label);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", "chat_template.jinja", "tokenizer_config.json"], root.Files.Select(file => file.RelativePath));
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
        string weights = folder.Write("pirate.safetensors");

        InputRoot root = InputFiles.OfAdapter(weights, number: 1);

        Assert.Equal(["adapter_config.json", "pirate.safetensors"], root.Files.Select(file => file.RelativePath));
    }

    [Fact]
    public void A_linked_file_has_the_stamp_of_its_target()
    {
        using var folder = new TemporaryFolder();
        string blob = folder.Write("blobs/abc", "weights");
        Directory.CreateDirectory(Path.Combine(folder.Path, "snapshot"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "snapshot", "model.safetensors"), blob);

        InputRoot root = InputFiles.OfBase(Path.Combine(folder.Path, "snapshot"));

        Assert.Equal(FileStamp.Of(blob), Assert.Single(root.Files).Stamp);
        Assert.Equal(7, FileStamp.Of(blob).ByteLength);
    }

    [Fact]
    public void A_cycle_of_links_is_an_error()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "again"), folder.Path);

        IOException fault = Assert.Throws<IOException>(() => InputFiles.OfBase(folder.Path));

        Assert.Contains("cycle of links", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.onnx*", "decoder.onnx_data", true)]
    [InlineData("optimizer*", "Optimizer.pt", true)]
    [InlineData("*.bin", "model.bin.json", false)]
    [InlineData("tokenizer*", "tokenizer", true)]
    [InlineData("vocab.*", "vocab", false)]
    public void A_star_stands_for_any_run_of_characters(string pattern, string name, bool matches)
    {
        Assert.Equal(matches, NamePattern.Matches(pattern, name));
    }
}
