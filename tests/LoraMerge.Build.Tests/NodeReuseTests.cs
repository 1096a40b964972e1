using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace LoraMerge.Build.Tests;

/// <summary>MSBuild's processes stay after a build and serve the next one; what they have loaded must not.</summary>
public sealed class NodeReuseTests
{
    private const string Mark = "LORA_TEST_NODES";

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task An_updated_package_runs_its_new_code_in_the_same_processes(string useServer)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The processes are found in /proc.");
        using Process self = Process.GetCurrentProcess();
        Assert.SkipUnless(self.PriorityClass == ProcessPriorityClass.Normal, "MSBuild keeps no process that runs at a lower priority, as below 'nice'.");
        using TestProject project = TestProject.WithFakeWorker();
        string mark = Guid.NewGuid().ToString("N");
        var environment = new Dictionary<string, string>
        {
            [Mark] = mark,
            // No other build may get these processes, nor this one those of others.
            ["MSBUILDNODEHANDSHAKESALT"] = mark,
            ["MSBUILDDISABLENODEREUSE"] = "0",
            ["DOTNET_CLI_USE_MSBUILD_SERVER"] = useServer,
            ["UseSharedCompilation"] = "false",
        };
        string next = Feed.Version + ".1";
        PackNext(project.PathOf($"feed/LoraMerge.Build.{next}.nupkg"), next);
        project.AddPackageSource("feed");
        project.Write("All.slnx", """<Solution><Project Path="first/first.csproj" /><Project Path="second/second.csproj" /></Solution>""");
        File.Delete(project.PathOf("Program.cs"));
        try
        {
            WriteApps(project, Feed.Version, weight: "1");
            BuildResult before = (await project.DotnetAsync(["build", "All.slnx", "-tl:off", "-m:2"], environment)).ThrowIfFailed();
            int[] nodes = Marked(mark);
            WriteApps(project, next, weight: "0.5");
            BuildResult after = (await project.DotnetAsync(["build", "All.slnx", "-tl:off", "-m:2"], environment)).ThrowIfFailed();

            Assert.NotEmpty(nodes);
            Assert.Subset(Marked(mark).ToHashSet(), nodes.ToHashSet());
            Assert.Equal((2, 2), (Count(before, "is merged because"), Count(after, "IS MERGED BECAUSE")));
            Assert.Equal((0, 0), (Count(before, "IS MERGED BECAUSE"), Count(after, "is merged because")));
        }
        finally
        {
            foreach (int node in Marked(mark))
                Process.GetProcessById(node).Kill();
        }
    }

    private static void WriteApps(TestProject project, string version, string weight)
    {
        foreach (string app in (string[])["first", "second"])
        {
            project.WriteProject(
                $"""<LoraBaseModel Include="../models/base" /><LoraAdapter Include="../adapters/pirate" Weight="{weight}" />""",
                file: $"{app}/{app}.csproj",
                version: version
            );
            project.Write($"{app}/Program.cs", "System.Console.WriteLine();");
        }
    }

    private static int Count(BuildResult build, string words) =>
        build
            .Log.FindChildrenRecursive<Microsoft.Build.Logging.StructuredLogger.Message>(message => message.Text.Contains(words, StringComparison.Ordinal))
            .Count;

    // The same package with another version and a task that says one thing differently: even the assembly's name and module id are the same.
    private static void PackNext(string path, string version)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using ZipArchive source = ZipFile.OpenRead(Path.Combine(Feed.Folder, $"LoraMerge.Build.{Feed.Version}.nupkg"));
        using ZipArchive target = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (ZipArchiveEntry entry in source.Entries)
        {
            using var content = new MemoryStream();
            using (Stream stream = entry.Open())
                stream.CopyTo(content);
            byte[] bytes = content.ToArray();
            if (entry.FullName == "LoraMerge.Build.nuspec")
                bytes = Encoding.UTF8.GetBytes(
                    Encoding.UTF8.GetString(bytes).Replace($"<version>{Feed.Version}</version>", $"<version>{version}</version>", StringComparison.Ordinal)
                );
            if (entry.Name == "LoraMerge.Build.dll")
                Encoding.Unicode.GetBytes("IS MERGED BECAUSE").CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes("is merged because"))));
            using Stream written = target.CreateEntry(entry.FullName).Open();
            written.Write(bytes);
        }
    }

    private static int[] Marked(string mark)
    {
        return
        [
            .. Directory
                .GetDirectories("/proc")
                .Where(folder => Path.GetFileName(folder).All(char.IsAsciiDigit) && Has(folder))
                .Select(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)),
        ];

        bool Has(string folder)
        {
            try
            {
                return File.ReadAllText(Path.Combine(folder, "environ")).Contains($"{Mark}={mark}", StringComparison.Ordinal);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }
}
