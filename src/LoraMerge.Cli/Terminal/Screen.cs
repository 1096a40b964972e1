using System.CommandLine;
using LoraMerge.Diagnostics;
using Spectre.Console;

namespace LoraMerge.Cli.Terminal;

/// <summary>The terminal that a person looks at: tables, trees and bars. Where there is none, commands print plain lines.</summary>
internal static class Screen
{
    /// <returns>Null where output is redirected, and for terminals that show nothing but lines.</returns>
    public static IAnsiConsole? Open()
    {
        if (Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb")
            return null;
        bool isColourless = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        ColorSystemSupport colours = isColourless ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect;
        IAnsiConsole screen = AnsiConsole.Create(new AnsiConsoleSettings { ColorSystem = colours });
        return screen.Profile.Capabilities.Ansi ? screen : null;
    }

    /// <summary>The terminal of a command; null where it prints lines.</summary>
    public static IAnsiConsole? Of(ParseResult parsed) => (parsed.InvocationConfiguration as ScreenConfiguration)?.Screen;

    /// <summary>A line, wrapped where the terminal ends; nothing in it is markup, and what is in it is not obeyed.</summary>
    public static void Line(this IAnsiConsole screen, string text, Style? style = null) => screen.Write(new Text(VisibleText.Of(text) + "\n", style));

    /// <summary>A text of a file in a table or a tree.</summary>
    public static Text Cell(string text, Style? style = null) => new(VisibleText.Of(text), style);
}
