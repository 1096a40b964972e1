using System.Globalization;
using System.Reflection;

namespace LoraMerge.Tests.Faults;

/// <summary>
/// A sample of what tests/LoraMerge.Faults tries: at some of the calls that a merge or a build makes, the system fails. What has to hold then stands
/// in docs/reliability.md.
/// </summary>
public sealed class FaultSampleTests
{
    private static readonly string s_program = typeof(FaultSampleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "FaultsProgram").Value!;

    [Theory]
    [InlineData("output-over", "eio", 31)]
    [InlineData("gguf-split-over", "enospc", 13)]
    [InlineData("report-over", "eio", 29)]
    [InlineData("store-over", "eacces", 41)]
    [InlineData("store-over", "gone", 97)]
    [InlineData("place-over", "eio", 23)]
    [InlineData("place-over", "kill", 29)]
    public Task After_a_fault_the_earlier_model_is_whole_or_the_new_one_and_the_next_run_succeeds(string scene, string fault, int step) =>
        AssertHolds("sweep", "--scene", scene, "--fault", fault, "--step", step.ToString(CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("output-over", "eio/stat/1")]
    [InlineData("output-files", "eacces/stat/1")]
    public Task An_input_that_cannot_be_looked_at_is_not_called_missing(string scene, string point) => AssertHolds("point", scene, point);

    [Fact]
    public Task A_kill_at_a_random_moment_is_no_loss() => AssertHolds("kills", "--scene", "output-over", "--count", "3");

    [Fact]
    public Task A_disk_without_room_for_another_file_is_no_loss() => AssertHolds("disk", "--scene", "output-over", "--step", "3");

    [Fact]
    public Task An_input_that_changes_while_it_is_read_is_merged_as_one_of_its_states_or_not_at_all() =>
        AssertHolds("changes", "--scene", "output-over", "--step", "97");

    [Fact]
    public Task All_of_a_model_is_on_the_disk_before_it_gets_its_name() =>
        AssertHolds("order", "--scene", "output-over", "--scene", "place-over");

    [Fact]
    public Task Two_builds_with_one_cache_and_an_eviction_at_once_both_end_well() => AssertHolds("races", "--count", "2");

    private static async Task AssertHolds(params string[] arguments)
    {
        const int Impossible = 2;

        ChildProcess tried = await ChildProcess.Run(["dotnet", "exec", s_program, .. arguments]);

        Assert.SkipWhen(tried.ExitCode == Impossible, tried.Error);
        Assert.True(tried.ExitCode == 0, tried.Output + tried.Error);
    }
}
