using LoraMerge.Cli;
using LoraMerge.Cli.Terminal;

return await CommandLine.RunAsync(args, Console.Out, Console.Error, Screen.Open());
