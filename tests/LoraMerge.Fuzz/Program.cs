using System.Globalization;
using LoraMerge.Fuzz;
using SharpFuzz;

const string usage = """
    afl TARGET                   one input after another, from afl-fuzz (fuzz.sh)
    replay TARGET FILE...        each file once
    mutate TARGET FOLDER COUNT   so many mutations of a corpus, such as tests/fixtures/fuzz
    """;

switch (args)
{
    case ["afl", var name]:
        FuzzTarget target = FuzzTarget.Named(name);
        using (var folder = new ScratchFolder())
        {
            Fuzzer.OutOfProcess.Run(stream =>
            {
                using var input = new MemoryStream();
                stream.CopyTo(input);
                target.Feed(input.ToArray(), folder);
            });
        }
        return 0;
    case ["replay", var name, .. var files]:
        return Count(name, run => run.Feed(files.Select(File.ReadAllBytes)));
    case ["mutate", var name, var corpus, var count]:
        var mutator = new Mutator(Corpus.Read(corpus, name), seed: Environment.TickCount);
        return Count(name, run => run.Feed(Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(_ => mutator.Next())));
    default:
        Console.Error.WriteLine(usage);
        return 2;
}

static int Count(string target, Action<FuzzRun> feed)
{
    var run = new FuzzRun(FuzzTarget.Named(target));
    try
    {
        feed(run);
        return 0;
    }
    catch (FuzzFaultException e)
    {
        Console.Error.WriteLine(e.Message);
        return 1;
    }
    finally
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Executions} inputs, {run.Accepted} accepted"));
    }
}
