using System.Text;

namespace LoraMerge.Build;

/// <summary>One argument of a command line in quotation marks. Unix allows every letter in a path, also a quotation mark.</summary>
internal static class QuotedArgument
{
    // What a shell reads between double quotation marks.
    private static readonly char[] s_readByShells = ['"', '$', '`', '\\', '!'];

    /// <summary>For a process that is started without a shell, by the rules by which .NET and Windows take a command line apart.</summary>
    public static string ForProcess(string argument)
    {
        var text = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char letter in argument)
        {
            // Backslashes mean themselves, but before a quotation mark.
            if (letter == '"')
                text.Append('\\', backslashes + 1);
            backslashes = letter == '\\' ? backslashes + 1 : 0;
            text.Append(letter);
        }
        return text.Append('\\', backslashes).Append('"').ToString();
    }

    /// <summary>To be pasted into a shell of this system.</summary>
    public static string ForShell(string argument) =>
        Path.DirectorySeparatorChar == '/' && argument.IndexOfAny(s_readByShells) >= 0 ? $"'{argument.Replace("'", @"'\''")}'" : $"\"{argument}\"";
}
