using System.CommandLine;
using LoraMerge.Agreed.Messages;

namespace LoraMerge.Cli;

/// <summary>What is wrong with a command line: one thing, and where to read on. The parser's own list says what follows from it, too.</summary>
internal static class UsageReport
{
    public static string Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string help =
            $"'{string.Join(' ', Names(parsed.CommandResult))} --help' lists {(command.Subcommands.Count > 0 ? "commands" : "arguments and options")}.";
        return $"{Fault(parsed, command)}{Environment.NewLine}{help}";
    }

    private static string Fault(ParseResult parsed, Command command)
    {
        string[] commands = [.. command.Subcommands.Where(known => !known.Hidden).Select(known => known.Name)];
        string? unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        if (unknown is null)
            return commands.Length > 0
                ? $"Say what to do: {string.Join(", ", commands)}."
                : string.Join(Environment.NewLine, parsed.Errors.Select(fault => fault.Message).Distinct());
        if (unknown.StartsWith('-'))
            return $"'{unknown}' is no option of "
                + $"'{command.Name}'.{Meant(unknown, command.Options.Where(option => !option.Hidden).Select(option => option.Name))}";
        return commands.Length > 0 ? $"'{unknown}' is no command.{Meant(unknown, commands)}" : $"'{unknown}' is one word too many for '{command.Name}'.";
    }

    private static string Meant(string word, IEnumerable<string> known) => Spelling.Nearest(word, known) is string near ? $" Did you mean '{near}'?" : "";

    private static IEnumerable<string> Names(System.CommandLine.Parsing.CommandResult result) =>
        result.Parent is System.CommandLine.Parsing.CommandResult parent ? Names(parent).Append(result.Command.Name) : ["lora-merge"];
}
