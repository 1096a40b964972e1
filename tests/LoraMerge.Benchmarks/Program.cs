using System.CommandLine;
using LoraMerge.Benchmarks;
using LoraMerge.Benchmarks.Forms;

var root = new RootCommand("Measures LoraMerge.Build on this machine.")
{
    MergeBenchmark.CreateCommand(),
    IdleBenchmark.CreateCommand(),
    PrecisionTable.CreateCommand(),
    FormsTable.CreateCommand(),
    GoldenDigests.CreateCommand(),
    RandomModel.CreateCommand(),
};
return await root.Parse(args).InvokeAsync();
