using System.CommandLine;
using LoraMerge.Cli;
using LoraMerge.Incremental;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void The_worker_understands_every_word_that_the_task_writes()
    {
        var item = new TaskItem("x");
        var request = new ModelRequest(item, "/models/my base", [item, item], ["/adapters/a=b", "/adapters/ü"], "models/base", new ModelOptions
        {
            Name = "chat",
            BaseName = "my base",
            BaseVersion = "1.0",
            DType = "float16",
            MaxShardSize = "5GB",
            Adapters = [new AdapterOptions("a=b", 0.5, "2.0", "[1.0,2.0)"), new AdapterOptions("ü", -1e-7)],
        });
        var settings = new ProjectSettings("cpu", 2, "1GB", "written", "warn", "50GB");

        List<string> arguments = WorkerArguments.Of(request, settings, new ModelStore("/obj/lora", BelongsToProject: true), "/obj/App.state", "/runtime", newerThanTicks: 42);
        ParseResult parsed = CommandLine.Parse(["merge", .. arguments, .. WorkerArguments.OfParent()]);

        Assert.Empty(parsed.Errors);
        Assert.Equal(["/adapters/a=b=0.5", "/adapters/ü=-1E-07"], parsed.GetValue<string[]>("--adapter")!);
        Assert.Equal((long?)42, parsed.GetValue<long?>("--newer-than"));
        Assert.Equal(Environment.ProcessId, parsed.GetValue<int?>("--parent-pid"));
        Assert.All(arguments.Where(word => word.StartsWith("--", StringComparison.Ordinal)), option => Assert.NotNull(parsed.GetResult(option)));
    }
}
