using System.Runtime.InteropServices;

namespace LoraMerge.Build.Tests;

public sealed class PublishTests
{
    [Fact]
    public async Task Publishing_ships_the_model_and_nothing_of_torch()
    {
        using TestProject project = TestProject.WithRealWorker();

        BuildResult published = (
            await project.DotnetAsync(["publish", "-tl:off", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", "out folder"])
        ).ThrowIfFailed();

        Assert.Equal(1, published.Workers);
        Assert.True(File.Exists(project.PathOf("out folder/models/base/model.safetensors")));
        Assert.True(File.Exists(project.PathOf("out folder/models/base/lora-merge.json")));
        string[] shipped = Directory.GetFiles(project.PathOf("out folder"), "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(shipped, file => file.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(
            Directory.GetFiles(project.PathOf("bin"), "*", SearchOption.AllDirectories),
            file => file.Contains("torch", StringComparison.OrdinalIgnoreCase)
        );
        Assert.DoesNotContain(
            "LoraMerge",
            await File.ReadAllTextAsync(project.PathOf("out folder/App.deps.json"), TestContext.Current.CancellationToken),
            StringComparison.OrdinalIgnoreCase
        );
        Assert.DoesNotContain(
            "torch",
            await File.ReadAllTextAsync(project.PathOf("out folder/App.deps.json"), TestContext.Current.CancellationToken),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public async Task Publishing_can_be_told_to_leave_the_model_out()
    {
        using TestProject project = TestProject.WithFakeWorker();

        (await project.DotnetAsync(["publish", "-tl:off", "-c", "Debug", "-p:LoraMergePublish=False", "-o", "out"])).ThrowIfFailed();

        Assert.True(File.Exists(project.ModelPath()));
        Assert.False(Directory.Exists(project.PathOf("out/models")));
    }

    [Fact]
    public async Task Publishing_without_a_build_takes_the_model_that_is_there_or_asks_for_a_build()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.BuildAsync("-c", "Release")).ThrowIfFailed();

        BuildResult published = (await project.DotnetAsync(["publish", "-tl:off", "--no-build", "-o", "out"])).ThrowIfFailed();
        Assert.Equal(0, published.Workers);
        Assert.True(File.Exists(project.PathOf("out/models/base/model.safetensors")));

        Directory.Delete(project.PathOf("obj/lora"), recursive: true);
        BuildResult refused = await project.DotnetAsync(["publish", "-tl:off", "--no-build", "-o", "out"]);
        Assert.Equal((1, 0), (refused.ExitCode, refused.Workers));
        Assert.Equal("LORA6001", Assert.Single(refused.Errors).Code);
    }

    [Fact]
    public async Task A_web_project_ships_the_merged_config_and_no_adapter()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.WriteProject(sdk: "Microsoft.NET.Sdk.Web");

        (await project.DotnetAsync(["publish", "-tl:off", "-o", "out"])).ThrowIfFailed();

        string stored = Directory.GetDirectories(project.PathOf("obj/lora"), "base-*").Single();
        Assert.NotEqual(project.HashOf("models/base/model.safetensors"), project.HashOf("out/models/base/model.safetensors"));
        Assert.All(Directory.GetFiles(stored), file => Assert.Equal(project.HashOf(file), project.HashOf($"out/models/base/{Path.GetFileName(file)}")));
        Assert.Equal(Directory.GetFiles(stored).Length, Directory.GetFiles(project.PathOf("out/models/base")).Length);
        Assert.Empty(Directory.GetFiles(project.PathOf("out"), "adapter_config.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_model_leaves_the_publish_folder_with_its_items()
    {
        using TestProject project = TestProject.WithFakeWorker();
        (await project.DotnetAsync(["publish", "-tl:off"])).ThrowIfFailed();
        Assert.True(File.Exists(project.PathOf("bin/Release/net10.0/publish/models/base/model.safetensors")));
        project.WriteProject(items: "");

        (await project.DotnetAsync(["publish", "-tl:off", "--no-restore"])).ThrowIfFailed();

        Assert.Empty(Directory.GetDirectories(project.PathOf("bin/Release"), "models", SearchOption.AllDirectories));
        Assert.True(File.Exists(project.PathOf("bin/Release/net10.0/publish/App.dll")));
    }

    [Fact]
    public async Task A_model_that_cannot_be_placed_leaves_the_published_one_with_every_file()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("models/base/notes.txt", "of the base");
        (await project.DotnetAsync(["publish", "-tl:off", "-o", "out"])).ThrowIfFailed();
        File.Delete(project.PathOf("models/base/notes.txt"));
        project.ChangeWeights("adapters/pirate/adapter_model.safetensors");
        File.Delete(project.PathOf("out/models/base/config.json"));
        project.Write("out/models/base/config.json/mine.txt", "a folder in the place of a file");
        string[] before =
        [
            .. Directory
                .GetFiles(project.PathOf("out/models"), "*", SearchOption.AllDirectories)
                .Select(file => $"{file} {project.HashOf(file)}")
                .Order(StringComparer.Ordinal),
        ];

        BuildResult failed = await project.DotnetAsync(["publish", "-tl:off", "--no-restore", "-o", "out"]);

        Assert.Equal(1, failed.ExitCode);
        var error = Assert.Single(failed.Errors);
        Assert.Equal("LORA6006", error.Code);
        Assert.Contains("config.json' cannot be written: A folder has this name. What was there before is as it was.", error.Text, StringComparison.Ordinal);
        Assert.Equal(
            before,
            Directory
                .GetFiles(project.PathOf("out/models"), "*", SearchOption.AllDirectories)
                .Select(file => $"{file} {project.HashOf(file)}")
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_project_may_publish_the_model_to_another_place()
    {
        using TestProject project = TestProject.WithFakeWorker();
        project.Write("Directory.Build.targets", """
            <Project>
              <Target Name="Elsewhere" AfterTargets="ComputeResolvedFilesToPublishList">
                <ItemGroup>
                  <ResolvedFileToPublish Update="@(ResolvedFileToPublish)" Condition="'%(Extension)' == '.safetensors'"
                                         RelativePath="elsewhere/%(Filename)%(Extension)" />
                </ItemGroup>
              </Target>
            </Project>
            """);

        (await project.DotnetAsync(["publish", "-tl:off", "-o", "out"])).ThrowIfFailed();

        Assert.Equal(project.HashOf(project.ModelPath(configuration: "Release")), project.HashOf("out/elsewhere/model.safetensors"));
        Assert.False(File.Exists(project.PathOf("out/models/base/model.safetensors")));
    }
}
