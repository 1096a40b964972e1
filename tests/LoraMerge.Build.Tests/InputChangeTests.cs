using Microsoft.Build.Logging.StructuredLogger;
using Task = System.Threading.Tasks.Task;

namespace LoraMerge.Build.Tests;

public sealed class InputChangeTests(UpToDateProject shared) : IClassFixture<UpToDateProject>
{
    private const string AdapterWeights = "adapters/pirate/adapter_model.safetensors";

    [Fact]
    public async Task Touched_inputs_are_read_again_and_not_merged()
    {
        TestProject project = await shared.GetAsync();
        string state = project.PathOf("obj/Debug/net10.0/App.csproj.lora.base.state");
        string before = await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken);
        foreach (string file in Directory.GetFiles(project.PathOf("adapters/pirate")))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow);

        BuildResult touched = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(0, touched.Workers);
        Assert.NotEqual(before, await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken));
        Assert.All(
            Directory.GetFiles(project.PathOf("adapters/pirate")),
            file => Assert.True(File.GetLastWriteTimeUtc(state) >= File.GetLastWriteTimeUtc(file))
        );
    }

    [Fact]
    public async Task A_changed_byte_of_the_adapter_is_merged()
    {
        TestProject project = await shared.GetAsync();
        string before = project.HashOf(project.ModelPath());
        project.ChangeWeights(AdapterWeights);

        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal((1, 1), (changed.Merges, changed.Workers));
        Assert.NotEqual(before, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task An_adapter_replaced_by_an_older_file_of_the_same_size_is_merged()
    {
        TestProject project = await shared.GetAsync();
        string before = project.HashOf(project.ModelPath());
        project.ChangeWeights(AdapterWeights);
        File.SetLastWriteTimeUtc(project.PathOf(AdapterWeights), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        BuildResult replaced = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, replaced.Merges);
        Assert.NotEqual(before, project.HashOf(project.ModelPath()));
    }

    /// <summary>As <c>cp -p</c>, rsync, reproducible archives and container layers leave it.</summary>
    [Fact]
    public async Task An_adapter_replaced_by_another_of_the_same_size_and_time_is_merged()
    {
        TestProject project = await shared.GetAsync();
        string before = project.HashOf(project.ModelPath());
        DateTime time = File.GetLastWriteTimeUtc(project.PathOf(AdapterWeights));
        project.ChangeWeights(AdapterWeights);
        File.SetLastWriteTimeUtc(project.PathOf(AdapterWeights), time);

        BuildResult replaced = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, replaced.Merges);
        Assert.NotEqual(before, project.HashOf(project.ModelPath()));
    }

    [Fact]
    public async Task A_changed_weight_in_the_project_file_is_merged()
    {
        TestProject project = await shared.GetAsync();
        project.WriteProject("""<LoraBaseModel Include="models/base" /><LoraAdapter Include="adapters/pirate" Weight="0.5" />""");

        BuildResult changed = (await project.BuildAsync("--no-restore")).ThrowIfFailed();

        Assert.Equal(1, changed.Merges);
        Assert.Contains(
            changed.Log.FindChildrenRecursive<Message>(),
            message => message.Text == "'base' is merged because Weight of adapter 'pirate' has changed from '1' to '0.5'."
        );
    }

    [Fact]
    public async Task A_file_that_is_gone_is_named()
    {
        TestProject project = await shared.GetAsync();
        project.Write("models/base/additional_chat_templates/rag.jinja", "{{ messages }}");
        (await project.BuildAsync("--no-restore")).ThrowIfFailed();
        File.Delete(project.PathOf("models/base/additional_chat_templates/rag.jinja"));
        File.SetLastWriteTimeUtc(project.PathOf("obj/Debug/net10.0/App.csproj.lora.base.state"), DateTime.UtcNow);

        BuildResult changed = await project.BuildAsync("--no-restore", "-question");

        Assert.Contains(
            changed.Errors,
            error => error.Code == "LORA6002" && error.Text.Contains("'additional_chat_templates/rag.jinja' is gone", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_question_is_answered_without_a_merge()
    {
        TestProject project = await shared.GetAsync();
        (await project.BuildAsync("--no-restore", "-question")).ThrowIfFailed();
        string before = project.HashOf(project.ModelPath());
        project.ChangeWeights(AdapterWeights);

        BuildResult changed = await project.BuildAsync("--no-restore", "-question");

        Assert.Equal((1, 0), (changed.ExitCode, changed.Workers));
        Assert.Contains(
            changed.Errors,
            error =>
                error.Code == "LORA6002"
                && error.Text.Contains("'base'", StringComparison.Ordinal)
                && error.Text.Contains("adapter_model.safetensors", StringComparison.Ordinal)
        );
        Assert.Equal(before, project.HashOf(project.ModelPath()));
    }
}
