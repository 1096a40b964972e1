using System.CommandLine;
using System.CommandLine.Help;
using LoraMerge.Agreed.Messages;
using LoraMerge.Cli.Terminal;
using LoraMerge.Diagnostics;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Locking;
using Spectre.Console;

namespace LoraMerge.Cli;

/// <summary>The command line: exit code 0; 1 for a fault of the user, with a coded message; 2 for wrong usage.</summary>
internal static class CommandLine
{
    private const int UserFault = 1;
    private const int WrongUsage = 2;

    /// <summary>After Ctrl+C: a block is computed to its end, or a file flushed to a slow disk, before the staging folder can be removed.</summary>
    private static readonly TimeSpan TimeToTidyUp = TimeSpan.FromSeconds(30);

    /// <summary>No word is looked up in a file.</summary>
    private static readonly ParserConfiguration s_words = new() { ResponseFileTokenReplacer = null };

    /// <param name="args">The words behind the program's name.</param>
    /// <param name="output">Where lines go.</param>
    /// <param name="error">Where warnings and faults go.</param>
    /// <param name="screen">The terminal, to draw on; null for plain lines.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, IAnsiConsole? screen = null)
    {
        if (Completion.TryAnswer(args, line => Create([]).Parse(line, s_words), output))
            return 0;
        if (!ResponseFile.TryExpand(args, out string[]? words, out string? unreadable))
        {
            await error.WriteLineAsync(unreadable);
            return WrongUsage;
        }
        ParseResult parsed = Parse(words);
        if (parsed.Errors.Count > 0)
        {
            await error.WriteLineAsync(UsageReport.Of(parsed));
            return WrongUsage;
        }
        var configuration = new ScreenConfiguration
        {
            Output = output,
            Error = error,
            Screen = screen,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeToTidyUp,
        };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (LoraMergeException e)
        {
            return await FailAsync(error, e.Others.Prepend(e).Select(CanonicalLine.Of), CanonicalLine.CodeOf(e));
        }
        catch (HubException e)
        {
            return await FailAsync(error, e.Others.Prepend(e).Select(fault => CanonicalLine.Of(fault)), CanonicalLine.CodeOf(e));
        }
        catch (FetchFaultsException e)
        {
            foreach ((string origin, HubException fault) in e.Faults)
                await error.WriteLineAsync(CanonicalLine.Of(fault, origin));
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

    /// <summary>Every word is an argument as it is, also where it begins with '@'.</summary>
    public static ParseResult Parse(IReadOnlyList<string> words) => Create(words).Parse(words, s_words);

    /// <summary>Says what is wrong; to people, where more is said of the first of it, too.</summary>
    private static async Task<int> FailAsync(TextWriter error, IEnumerable<string> lines, string code)
    {
        foreach (string line in lines)
            await error.WriteLineAsync(line);
        if (!Console.IsErrorRedirected && HelpPage.AddressOf(code) is string page)
            await error.WriteLineAsync($"More on it: {page}");
        return UserFault;
    }

    private static RootCommand Create(IReadOnlyList<string> args)
    {
        var root = new RootCommand("Merges LoRA adapters into base models.")
        {
            MergeCommand.Create(isForBuild: args.Any(word => word.Split('=')[0] == MergeCommand.StoreOption)),
            PlanCommand.Create(),
            InspectCommand.Create(),
            DequantizeCommand.Create(),
            VerifyCommand.Create(),
            DiffCommand.Create(),
            FetchCommand.Create(),
            ReportCommand.Create(),
            RestoreCommand.Create(),
            CacheCommand.Create(),
            RuntimeCommand.Create(),
            CompletionCommand.Create(),
        };
        root.Directives.Clear(); // the library's [suggest] ends in its own exceptions (see Completion), and no command has use for a first word in brackets
        foreach (VersionOption version in root.Options.OfType<VersionOption>())
            version.Action = new VersionAction();
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }
}
