using System.Runtime.InteropServices;

namespace LoraMerge.Build.Tests;

/// <summary>The model lies beside the executable, whatever the executable is made of.</summary>
public sealed class PublishKindTests
{
    private const string Model = "models/base/model.safetensors";

    private static readonly string s_runtime = RuntimeInformation.RuntimeIdentifier;

    [Fact]
    public async Task Self_contained_trimmed_and_native_apps_have_the_model_beside_them()
    {
        using TestProject project = TestProject.WithRealWorker();

        BuildResult contained = (await PublishAsync(project, "contained", "--self-contained")).ThrowIfFailed();
        BuildResult trimmed = (await PublishAsync(project, "trimmed", "--self-contained", "-p:PublishTrimmed=true")).ThrowIfFailed();

        Assert.Equal((1, 0), (contained.Merges, trimmed.Merges));
        string weights = project.HashOf($"contained/{Model}");
        Assert.Equal(weights, project.HashOf($"trimmed/{Model}"));
        Assert.True(File.Exists(project.PathOf("trimmed/models/base/lora-merge.json")));
        Assert.True(File.Exists(project.PathOf("contained/System.Private.CoreLib.dll")));
        Assert.DoesNotContain(
            Directory.GetFiles(project.Folder, "*torch*", SearchOption.AllDirectories),
            file => !file.Contains("/obj/", StringComparison.Ordinal)
        );

        Assert.SkipUnless(CanLink(), "Native AOT needs a linker of the system: clang or gcc.");
        BuildResult native = (await PublishAsync(project, "native", "-p:PublishAot=true")).ThrowIfFailed();
        Assert.Equal(0, native.Merges);
        Assert.Equal(weights, project.HashOf($"native/{Model}"));
        Assert.False(File.Exists(project.PathOf("native/App.dll")));
    }

    [Fact]
    public async Task A_single_file_does_not_swallow_the_model()
    {
        using TestProject project = TestProject.WithFakeWorker();
        string executable = OperatingSystem.IsWindows() ? "App.exe" : "App";

        (await PublishAsync(project, "single", "--self-contained", "false", "-p:PublishSingleFile=true")).ThrowIfFailed();
        (await PublishAsync(project, "all", "--self-contained", "-p:PublishSingleFile=true", "-p:IncludeAllContentForSelfExtract=true")).ThrowIfFailed();

        byte[] end = (await File.ReadAllBytesAsync(project.PathOf($"single/{Model}"), TestContext.Current.CancellationToken))[^64..];
        foreach (string folder in (string[])["single", "all"])
        {
            Assert.False(File.Exists(project.PathOf($"{folder}/App.dll")));
            Assert.True(File.Exists(project.PathOf($"{folder}/{Model}")));
            Assert.True(File.Exists(project.PathOf($"{folder}/models/base/config.json")));
            byte[] bytes = await File.ReadAllBytesAsync(project.PathOf($"{folder}/{executable}"), TestContext.Current.CancellationToken);
            Assert.Equal(-1, bytes.AsSpan().IndexOf(end));
        }
    }

    private static Task<BuildResult> PublishAsync(TestProject project, string folder, params string[] how) =>
        project.DotnetAsync(["publish", "-tl:off", "-r", s_runtime, "-o", folder, .. how]);

    private static bool CanLink() => OperatingSystem.IsLinux() && ((string[])["clang", "gcc"]).Any(linker => File.Exists($"/usr/bin/{linker}"));
}
