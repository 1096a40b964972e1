using System.Diagnostics;
using LoraMerge.Cli;

namespace LoraMerge.Tests.Cli;

/// <summary>A worker knows its parent by having begun after it.</summary>
public sealed class ParentWatchTests
{
    [Fact]
    public void A_process_that_began_no_later_is_the_parent() => Assert.True(ParentWatch.IsAlive(Environment.ProcessId));

    [Fact]
    public async Task A_process_that_began_later_has_only_the_number_of_the_parent()
    {
        using Process later = ChildProcess.Start([.. ChildProcess.LoraMerge, "--help"]);

        bool isAlive = ParentWatch.IsAlive(later.Id);

        Assert.False(isAlive);
        await ChildProcess.WaitFor(later);
    }

    [Fact]
    public async Task A_process_that_has_ended_is_no_parent()
    {
        using Process ended = ChildProcess.Start([.. ChildProcess.LoraMerge, "--help"]);
        await ChildProcess.WaitFor(ended);

        Assert.False(ParentWatch.IsAlive(ended.Id));
    }
}
