using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Tests.Agreed;

/// <summary>What was fetched from a hub: the files that count are those that were chosen, whatever else lies in the folder.</summary>
public sealed class FetchedInputTests
{
    private static readonly string[] s_names =
    [
        "config.json", "tokenizer.json", "model.safetensors.index.json", "model-1.safetensors", "model-2.safetensors", "model.fp16.safetensors",
        "weights.data",
        "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja", "notes.txt", "additional_chat_templates/tool.jinja",
        "original/tokenizer.model", "original/consolidated.00.pth", "onnx/model.onnx", "1_Pooling/config.json", "checkpoint-1/model.safetensors",
    ];

    [Fact]
    public void A_list_and_a_disk_of_the_same_names_give_the_same_choice()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in s_names)
            folder.Write(name);
        var disk = new DiskNames(folder.Path);
        var list = new ListedNames(s_names);

        foreach ((ChosenFiles ofDisk, ChosenFiles ofList) in ((ChosenFiles, ChosenFiles)[])
            [(ChosenFiles.OfBase(disk), ChosenFiles.OfBase(list)), (ChosenFiles.OfAdapter(disk), ChosenFiles.OfAdapter(list))])
        {
            Assert.Equal(ofDisk.Files.OrderBy(file => file.RelativePath), ofList.Files.OrderBy(file => file.RelativePath));
            Assert.Equal(ofDisk.LeftOut, ofList.LeftOut);
            Assert.Equal(ofDisk.Weights.Names, ofList.Weights.Names);
        }
    }

    [Fact]
    public void Of_a_fetched_folder_only_the_chosen_files_count()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in s_names)
            folder.Write(name);
        string[] chosen = ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"];

        InputRoot root = InputFiles.OfBase(folder.Path, new FetchedInput("tiny", "hf://acme/tiny", new string('1', 40), chosen));

        Assert.Equal(chosen, root.Files.Select(file => file.RelativePath));
        Assert.Empty(root.LeftOut);
    }

    [Fact]
    public void A_chosen_file_that_is_gone_is_no_file_less()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json");

        Assert.ThrowsAny<IOException>(() =>
            InputFiles.OfBase(folder.Path, new FetchedInput("tiny", "hf://acme/tiny", new string('1', 40), ["config.json", "model.safetensors"])));
    }

    [Fact]
    public void Where_an_input_came_from_counts_for_the_key_as_the_manifest_names_it()
    {
        var local = new ModelOptions { Name = "n", BaseName = "tiny", Adapters = [new AdapterOptions("pirate")] };
        string origin = new FetchedInput("tiny", "hf://acme/tiny", new string('1', 40), []).Origin;

        string[] keys =
        [
            Key(local), Key(local with { BaseOrigin = origin }), Key(local with { Adapters = [new AdapterOptions("pirate") { Origin = origin }] }),
        ];

        Assert.Equal(3, keys.Distinct().Count());
    }

    private static string Key(ModelOptions options) => ModelKey.Compute("1.0.0", options, []);
}
