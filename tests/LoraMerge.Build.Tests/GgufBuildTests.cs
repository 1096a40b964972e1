using System.Text.Json;
using LoraMerge.Gguf.Tests.Readers;
using LoraMerge.Tests;

namespace LoraMerge.Build.Tests;

/// <summary>The sample's model as a GGUF file: from a project to a file that an engine of .NET opens.</summary>
public sealed class GgufBuildTests
{
    private const string Output = "bin/Debug/net10.0/models/pirate";

    [Fact]
    public async Task A_quantised_file_is_made_anew_when_the_adapter_changes_and_only_then()
    {
        using TestProject project = SampleModel("Q4_K_M");

        BuildResult first = (await project.BuildAsync()).ThrowIfFailed();
        string[] files = [.. Directory.GetFiles(project.PathOf(Output)).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        string file = project.PathOf(Output + "/pirate.gguf");
        (string Hash, DateTime Time) made = (project.HashOf(file), File.GetLastWriteTimeUtc(file));
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        (string Hash, DateTime Time) kept = (project.HashOf(file), File.GetLastWriteTimeUtc(file));
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        BuildResult third = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0, 1), (first.Merges, second.Merges, third.Merges));
        Assert.Equal(["lora-merge.json", "pirate.gguf"], files);
        Assert.Equal(made, kept);
        Assert.NotEqual(made.Hash, project.HashOf(file));
        using var model = new LLamaModel(file);
        Assert.All(model.Logits(1, 418, 297), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public async Task Another_quantization_is_another_model()
    {
        using TestProject project = SampleModel("Q8_0");
        (await project.BuildAsync()).ThrowIfFailed();
        long length = new FileInfo(project.PathOf(Output + "/pirate.gguf")).Length;
        WriteProject(project, "F16");

        BuildResult other = (await project.BuildAsync("--no-restore", "-v:detailed")).ThrowIfFailed();

        Assert.Equal(1, other.Merges);
        Assert.Contains("Quantization has changed from 'Q8_0' to 'F16'", other.Output, StringComparison.Ordinal);
        Assert.True(new FileInfo(project.PathOf(Output + "/pirate.gguf")).Length > length);
    }

    [Fact]
    public async Task LLamaSharp_tells_the_story_of_the_sample()
    {
        using TestProject project = SampleModel("auto");
        (await project.BuildAsync()).ThrowIfFailed();

        Assert.Equal(StoryOf("pirate"), Tell(project));
    }

    [Fact]
    public async Task A_GGUF_file_is_a_base_that_is_watched_like_any_other()
    {
        using TestProject project = SampleModel("auto");
        WriteProject(project, "models/base", "auto", weight: 0);
        (await project.BuildAsync()).ThrowIfFailed();
        string file = project.PathOf("models/base.gguf");
        File.Copy(project.PathOf(Output + "/pirate.gguf"), file);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-10));
        Directory.Delete(project.PathOf("models/base"), recursive: true);
        WriteProject(project, "models/base.gguf", "auto", weight: 1);

        BuildResult first = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        BuildResult second = (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        int[] told = Tell(project);
        project.ChangeWeights("models/base.gguf");
        BuildResult third = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 0, 1), (first.Merges, second.Merges, third.Merges));
        Assert.Contains("The base is a GGUF file of", first.Output, StringComparison.Ordinal);
        Assert.Equal(StoryOf("pirate"), told);
    }

    [Fact]
    public async Task A_Modelfile_stands_beside_the_file()
    {
        using TestProject project = SampleModel("Q8_0");

        (await project.BuildAsync("-p:LoraMergeModelfile=true")).ThrowIfFailed();
        string text = await File.ReadAllTextAsync(project.PathOf(Output + "/Modelfile"), TestContext.Current.CancellationToken);

        Assert.Equal("FROM ./pirate.gguf\nTEMPLATE \"\"\"{{ .Prompt }}\"\"\"\nPARAMETER stop \"</s>\"\n", text);
    }

    /// <summary>Goes on with the words that both stories begin with.</summary>
    private static int[] Tell(TestProject project)
    {
        int[] story = StoryOf("pirate");
        int[] beginning = [.. story.Zip(StoryOf("space")).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)];
        using var model = new LLamaModel(project.PathOf(Output + "/pirate.gguf"), contextSize: 256);
        return model.Continue(beginning, end: story[^1]);
    }

    private static int[] StoryOf(string name)
    {
        using JsonDocument greedy = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "fixtures", "greedy.json")));
        return [.. greedy.RootElement.GetProperty(name).GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
    }

    private static TestProject SampleModel(string quantization)
    {
        TestProject project = TestProject.WithRealWorker();
        foreach (string folder in (string[])["models", "adapters"])
            Directory.Delete(project.PathOf(folder), recursive: true);
        foreach (string folder in (string[])["models/base", "adapters/pirate"])
        {
            foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "sample-app", folder)))
            {
                string target = project.PathOf(Path.Combine(folder, Path.GetFileName(file)));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
                File.SetLastWriteTimeUtc(target, DateTime.UtcNow.AddMinutes(-10));
            }
        }
        WriteProject(project, quantization);
        return project;
    }

    private static void WriteProject(TestProject project, string quantization) => WriteProject(project, "models/base", quantization, weight: 1);

    private static void WriteProject(TestProject project, string model, string quantization, int weight) => project.WriteProject(
        $"""
        <LoraBaseModel Include="{model}" MergedModelName="pirate" Format="gguf" Quantization="{quantization}" />
        <LoraAdapter Include="adapters/pirate" Weight="{weight}" />
        """);
}
