using LoraMerge.Fuzz;

namespace LoraMerge.Tests.Fuzz;

/// <summary>
/// Every parser on the corpus that AFL found, and on mutations of it that are the same in every run: it ends well or with a coded fault, in bounded memory.
/// The tests count executions; docs/hostile-input.md says how to fuzz for longer.
/// </summary>
public sealed class FuzzTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "fixtures", "fuzz");

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_corpus_is_accepted_or_refused(string target)
    {
        Corpus corpus = Corpus.Read(Folder, target);
        var run = new FuzzRun(FuzzTarget.Named(target));

        run.Feed(corpus.Inputs);

        Assert.Equal(corpus.Inputs.Count, run.Executions);
        Assert.InRange(run.Accepted, 1, run.Executions - 1); // both ways are in the corpus
    }

    [Theory]
    [InlineData("header", 20_000)]
    [InlineData("index", 4000)]
    [InlineData("adapter", 4000)]
    [InlineData("config", 4000)]
    [InlineData("pickle", 6000)]
    [InlineData("gguf", 6000)]
    [InlineData("arguments", 2000)]
    [InlineData("talker", 1000)]
    [InlineData("manifest", 2000)]
    [InlineData("lock", 4000)]
    public void Mutations_of_the_corpus_are_accepted_or_refused(string target, int count)
    {
        var mutator = new Mutator(Corpus.Read(Folder, target), seed: 1);
        var run = new FuzzRun(FuzzTarget.Named(target));

        run.Feed(Enumerable.Range(0, count).Select(_ => mutator.Next()));

        Assert.Equal(count, run.Executions);
        Assert.InRange(run.Accepted, 1, count - 1);
    }

    [Fact]
    public void Mutations_are_the_same_for_the_same_seed()
    {
        Corpus corpus = Corpus.Read(Folder, "header");
        Mutator first = new(corpus, 7), second = new(corpus, 7), other = new(corpus, 8);

        byte[][] inputs = [.. Enumerable.Range(0, 100).Select(_ => first.Next())];

        Assert.Equal(inputs, Enumerable.Range(0, 100).Select(_ => second.Next()));
        Assert.NotEqual(inputs, Enumerable.Range(0, 100).Select(_ => other.Next()));
    }

    [Fact]
    public void A_parser_that_breaks_is_found_and_the_input_kept()
    {
        var run = new FuzzRun(new FuzzTarget("broken", (input, _) => input.Length < 3 || BitConverter.ToInt32(input) > 0)); // which needs four bytes

        FuzzFaultException fault = Assert.Throws<FuzzFaultException>(() => run.Feed([[1], [1, 2, 3, 4], [1, 2, 3]]));

        Assert.Equal(2, run.Executions);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(fault.File));
        Assert.Contains("ArgumentOutOfRangeException", fault.Message, StringComparison.Ordinal);
        File.Delete(fault.File);
    }

    [Fact]
    public void A_parser_that_takes_memory_without_bounds_is_found()
    {
        var run = new FuzzRun(new FuzzTarget("greedy", (input, _) => new byte[input[0] * 1_000_000].Length > 0));

        FuzzFaultException fault = Assert.Throws<FuzzFaultException>(() => run.Feed([[1], [100]]));

        Assert.Equal(1, run.Executions);
        File.Delete(fault.File);
    }
}
