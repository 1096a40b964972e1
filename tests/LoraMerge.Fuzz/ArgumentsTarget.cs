using System.CommandLine;
using System.CommandLine.Help;
using LoraMerge.Cli;
using LoraMerge.Diagnostics;

namespace LoraMerge.Fuzz;

/// <summary>A command line: the input is a response file. No command of the program is carried out; its options are read as <c>plan</c> reads them.</summary>
internal static class ArgumentsTarget
{
    private const string Option = "--name";
    private const int WordsAsValues = 4;

    private static readonly InvocationConfiguration s_silent = new()
    {
        EnableDefaultExceptionHandler = false, Output = TextWriter.Null, Error = TextWriter.Null,
    };

    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        string file = folder.Write("arguments.rsp", input);
        if (!ResponseFile.TryExpand(["@" + file], out string[]? words, out _))
            return false;
        ParseResult parsed = CommandLine.Parse(words);
        if (parsed.Errors.Count == 0 && parsed.Action is HelpAction)
            parsed.Invoke(s_silent);
        foreach (string word in words.Take(WordsAsValues))
            ThrowUnlessValue(word);
        return ReadOptions(words);
    }

    private static bool ReadOptions(string[] words)
    {
        var options = new MergeOptions();
        var command = new RootCommand();
        command.Directives.Clear();
        options.AddTo(command);
        command.SetAction(parsed => { options.Read(parsed); });
        ParseResult parsed = command.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            return false;
        try
        {
            parsed.Invoke(s_silent);
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }

    /// <summary>What the task of the build relies on: behind an equals sign any text is a value.</summary>
    private static void ThrowUnlessValue(string word)
    {
        string? read = CommandLine.Parse(["merge", $"{Option}={word}"]).GetValue<string>(Option);
        if (read != word)
            throw new InvalidOperationException($"'{word}' was read as '{read}'.");
    }
}
