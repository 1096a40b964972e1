using System.CommandLine;
using LoraMerge.Diagnostics;

namespace LoraMerge.Cli;

/// <summary>The command line: exit code 0; 1 for a fault of the user, with a coded message; 2 for wrong usage.</summary>
internal static class CommandLine
{
    private const int UserFault = 1;
    private const int WrongUsage = 2;

    /// <summary>After Ctrl+C: a block is computed to its end, or a file flushed to a slow disk, before the staging folder can be removed.</summary>
    private static readonly TimeSpan TimeToTidyUp = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        ParseResult parsed = Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
                await error.WriteLineAsync(fault.Message);
            await error.WriteLineAsync("'lora-merge --help' lists commands and options.");
            return WrongUsage;
        }
        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToTidyUp };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (LoraMergeException e)
        {
            await error.WriteLineAsync(CanonicalLine.Of(e));
            return UserFault;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(CanonicalLine.Of(Errors.FileFault(e)));
            return UserFault;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Cancelled; nothing was changed.");
            return UserFault;
        }
    }

    /// <summary>What stands in a response file is an argument, also where it begins with '@'.</summary>
    public static ParseResult Parse(string[] args) => ResponseFile.TryExpand(args, out string[]? expanded)
        ? Create().Parse(expanded, new ParserConfiguration { ResponseFileTokenReplacer = null })
        : Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = ResponseFile.TryRead });

    private static RootCommand Create()
    {
        var root = new RootCommand("Merges LoRA adapters into base models.")
        {
            MergeCommand.Create(),
            PlanCommand.Create(),
            InspectCommand.Create(),
            VerifyCommand.Create(),
            DiffCommand.Create(),
            CacheCommand.Create(),
            RuntimeCommand.Create(),
        };
        foreach (VersionOption version in root.Options.OfType<VersionOption>())
            version.Action = new VersionAction();
        return root;
    }
}
