using System.CommandLine;
using LoraMerge.Benchmarks;

var root = new RootCommand("Measures LoraMerge.Build on this machine.")
{
    MergeBenchmark.CreateCommand(),
    IdleBenchmark.CreateCommand(),
    PrecisionTable.CreateCommand(),
    RandomModel.CreateCommand(),
};
return await root.Parse(args).InvokeAsync();
