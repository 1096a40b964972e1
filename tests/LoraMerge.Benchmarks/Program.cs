using System.CommandLine;
using LoraMerge.Benchmarks;
using LoraMerge.Benchmarks.Forms;
using LoraMerge.Benchmarks.Quantisers;

var root = new RootCommand("Measures LoraMerge.Build on this machine.")
{
    MergeBenchmark.CreateCommand(),
    IdleBenchmark.CreateCommand(),
    PrecisionTable.CreateCommand(),
    FormsTable.CreateCommand(),
    GoldenDigests.CreateCommand(),
    QuantiserTable.CreateCommand(),
    RandomModel.CreateCommand(),
};
return await root.Parse(args).InvokeAsync();
