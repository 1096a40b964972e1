using System.CommandLine;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;
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
            Values = Every(option => option.Owner != OptionOwner.Adapter),
            Adapters =
            [
                new AdapterOptions("a=b", Every(option => option.Owner == OptionOwner.Adapter).With(OptionTable.Weight, "0.5")),
                new AdapterOptions("ü", OptionValues.None.With(OptionTable.Weight, OptionTable.Weight.Form.TryRead("-1e-7"))),
            ],
        });

        List<string> arguments = WorkerArguments.Of(
            request,
            new ModelStore("/obj/lora", BelongsToProject: true),
            "/obj/App.state",
            "/runtime",
            newerThanTicks: 42
        );
        ParseResult parsed = CommandLine.Parse(["merge", .. arguments, .. WorkerArguments.OfParent()]);

        Assert.Empty(parsed.Errors);
        Assert.Equal(["/adapters/a=b=0.5", "/adapters/ü=-1E-07"], parsed.GetValue<string[]>("--adapter")!);
        Assert.Equal((long?)42, parsed.GetValue<long?>("--newer-than"));
        Assert.Equal(Environment.ProcessId, parsed.GetValue<int?>("--parent-pid"));
        Assert.All(
            OptionTable.All.Where(option => option.Switch is not null),
            option => Assert.Contains(arguments, word => word.StartsWith(option.Switch + "=", StringComparison.Ordinal))
        );
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
        OptionValues values = OptionTable
            .All.Where(option => option.Switch is not null)
            .Aggregate(OptionValues.None, (given, option) => given.With(option, value));
        var request = new ModelRequest(
            item,
            value,
            [item],
            [value],
            "models/base",
            new ModelOptions
            {
                Name = value,
                BaseName = value,
                Values = values,
                Adapters = [new AdapterOptions(value, values)],
            }
        );
        string file = Path.GetTempFileName();
        File.WriteAllLines(file, WorkerArguments.Of(request, new ModelStore(value, BelongsToProject: true), value, value, newerThanTicks: null));

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

    private static OptionValues Every(Func<MergeOption, bool> isMeant) =>
        OptionTable.All.Where(isMeant).Aggregate(OptionValues.None, (values, option) => values.With(option, OtherThanDefault(option)));

    private static string OtherThanDefault(MergeOption option) => option.Form.Kind switch
    {
        OptionFormKind.Words or OptionFormKind.Switch => option.Form.Words.First(word => word != option.Default),
        OptionFormKind.Share => "0.5",
        OptionFormKind.Count => "2",
        OptionFormKind.Size => "1GB",
        OptionFormKind.Device => "cpu",
        _ => "1.0",
    };
}
