namespace LoraMerge.Tests.Agreed.ModelFiles;

/// <summary>Which files are weights is told by names alone, so that the build lists what the engine reads.</summary>
public sealed class WeightFilesTests
{
    private static readonly string[] Everything =
    [
        "model.safetensors", "model-1.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model-1.bin", "pytorch_model.bin.index.json",
        "consolidated.safetensors", "Consolidated-1.safetensors", "optimizer.safetensors", "adapter_model.safetensors", "Adapter_Model.safetensors",
        ".hidden.safetensors",
        "adapter_model.safetensors.index.json", "optimizer.bin", "training_args.bin", "model.gguf", "lora-merge.json", "config.json", "weights.data",
    ];

    [Fact]
    public void One_file_wins_over_everything() => AssertChosen(WeightForm.File, "model.safetensors", ["model.safetensors"], Everything);

    [Fact]
    public void Then_an_index_with_all_that_it_may_name_whatever_it_is_called() =>
        AssertChosen(WeightForm.Index, "model.safetensors.index.json", ["model.safetensors.index.json", "model-1.safetensors", "weights.data"],
            Without("model.safetensors"));

    [Fact]
    public void An_index_of_another_name_counts_where_it_is_the_only_one() =>
        AssertChosen(WeightForm.Index, "x.safetensors.index.json", ["x.safetensors.index.json", "x-1.safetensors"],
            ["x-1.safetensors", "x.safetensors.index.json"]);

    [Fact]
    public void Then_the_only_file_that_is_no_adapter_and_no_copy() =>
        AssertChosen(WeightForm.File, "model-1.safetensors", ["model-1.safetensors"], Without("model.safetensors", "model.safetensors.index.json"));

    [Fact]
    public void Then_one_pickle() =>
        AssertChosen(WeightForm.File, "pytorch_model.bin", ["pytorch_model.bin"],
            Without("model.safetensors", "model.safetensors.index.json", "model-1.safetensors"));

    [Fact]
    public void Then_an_index_of_pickles() =>
        AssertChosen(WeightForm.Index, "pytorch_model.bin.index.json", ["pytorch_model.bin.index.json", "pytorch_model-1.bin", "weights.data"],
            Without("model.safetensors", "model.safetensors.index.json", "model-1.safetensors", "pytorch_model.bin"));

    [Fact]
    public void Several_that_could_be_it_are_none()
    {
        AssertChosen(WeightForm.Ambiguous, null, ["a.safetensors", "b.safetensors"], ["a.safetensors", "b.safetensors", "pytorch_model.bin"]);
        AssertChosen(WeightForm.Ambiguous, null, ["a.safetensors.index.json", "b.safetensors.index.json"],
            ["a.safetensors", "a.safetensors.index.json", "b.safetensors.index.json"]);
    }

    [Fact]
    public void Without_weights_there_are_none() => AssertChosen(WeightForm.None, null, [], ["config.json", "optimizer.bin", "pytorch_model-1.bin"]);

    /// <summary>Weights in the merged model have names of their own, so that nothing is written over them.</summary>
    [Theory]
    [InlineData("tokenizer.safetensors")]
    [InlineData("chat_template.bin")]
    [InlineData("vocab.safetensors.index.json")]
    [InlineData("README.safetensors")]
    [InlineData("merges.pt")]
    public void No_file_with_the_name_of_weights_goes_beside_them(string name)
    {
        Assert.False(ModelParts.IsOfBase(name));
        Assert.False(ModelParts.IsOfAdapter(name));
    }

    private static string[] Without(params string[] names) => [.. Everything.Except(names)];

    private static void AssertChosen(WeightForm form, string? entry, string[] read, string[] names)
    {
        WeightFiles chosen = WeightFiles.Among(names.Reverse());

        Assert.Equal((form, entry), (chosen.Form, chosen.Entry));
        Assert.Equal(read, chosen.Names);
    }
}
