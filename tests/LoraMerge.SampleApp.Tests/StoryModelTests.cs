using SampleApp;

namespace LoraMerge.SampleApp.Tests;

public sealed class StoryModelTests : IDisposable
{
    private readonly string _modelsFolder = Directory.CreateTempSubdirectory("story-models-").FullName;

    public void Dispose() => Directory.Delete(_modelsFolder, recursive: true);

    [Fact]
    public void The_title_names_the_base_and_what_was_merged_into_it()
    {
        Write("pirate/lora-merge.json", """
            {"formatVersion":1,"tool":"1.0.0","name":"pirate","base":{"name":"base","hash":"0"},"adapters":[{"name":"pirate","weight":1.0}]}
            """);
        Write("blend/lora-merge.json", """
            {"formatVersion":1,"base":{"name":"base"},"adapters":[{"name":"pirate","weight":1},{"name":"space","weight":0.5}],"tensors":{}}
            """);

        IEnumerable<StoryModel> models = StoryModel.FindIn(_modelsFolder);

        Assert.Equal(["base + pirate + 0.5 * space", "base + pirate"], models.Select(model => model.Title));
    }

    [Fact]
    public void The_base_model_comes_first()
    {
        Write("base/config.json", "{}");
        Write("a/lora-merge.json", """{"base":{"name":"base"},"adapters":[]}""");

        IEnumerable<StoryModel> models = StoryModel.FindIn(_modelsFolder);

        Assert.Equal(["base", "a"], models.Select(model => model.Name));
    }

    [Fact]
    public void A_folder_that_does_not_say_what_it_was_merged_from_is_no_model()
    {
        Write("pirate/config.json", "{}");

        Assert.Empty(StoryModel.FindIn(_modelsFolder));
    }

    [Fact]
    public void Without_a_models_folder_there_is_no_model()
    {
        Assert.Empty(StoryModel.FindIn(Path.Combine(_modelsFolder, "absent")));
    }

    private void Write(string path, string text)
    {
        string fullPath = Path.Combine(_modelsFolder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
        File.WriteAllText(fullPath, text);
    }
}
