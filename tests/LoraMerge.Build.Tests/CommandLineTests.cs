using System.CommandLine;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Cli;
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
        Assert.All(arguments, word => Assert.NotNull(parsed.GetResult(word[..word.IndexOf('=')])));
    }

    [Theory]
    [InlineData("--store=/x")]
    [InlineData("--output")]
    [InlineData("--")]
    [InlineData("@/etc/passwd")]
    [InlineData("-h")]
    [InlineData("--help")]
    [InlineData("--base=/x --adapter=/y")]
    [InlineData("a=b:c=d")]
    [InlineData(" \"quoted\" ")]
    [InlineData("[diagram]")]
    public void A_value_stays_a_value_whatever_it_is_spelled_like(string value)
    {
        var item = new TaskItem("x");
        var request = new ModelRequest(item, value, [item], [value], "models/base", new ModelOptions
        {
            Name = value,
            BaseName = value,
            BaseVersion = value,
            MaxShardSize = value,
            Adapters = [new AdapterOptions(value, 1, value, value, Release: value)],
        });
        var settings = new ProjectSettings("cpu", 2, value, "written", "warn", value);
        string file = Path.GetTempFileName();
        File.WriteAllLines(file, WorkerArguments.Of(request, settings, new ModelStore(value, BelongsToProject: true), value, value, newerThanTicks: null));

        Assert.True(ResponseFile.TryExpand(["merge", "@" + file], out string[]? words, out _));
        ParseResult parsed = CommandLine.Parse(words);

        Assert.Empty(parsed.Errors);
        Assert.All((string[])["--name", "--base", "--base-version", "--max-shard-size", "--max-memory", "--store", "--state", "--runtime",
            "--store-max-size"], option => Assert.Equal(value, parsed.GetValue<string>(option)));
        Assert.Equal([value + "=1"], parsed.GetValue<string[]>("--adapter")!);
        Assert.All((string[])["--adapter-version", "--base-range", "--adapter-release"], option =>
            Assert.Equal(["1=" + value], parsed.GetValue<string[]>(option)!));
        Assert.Null(parsed.GetResult("--output"));
        File.Delete(file);
    }
}
