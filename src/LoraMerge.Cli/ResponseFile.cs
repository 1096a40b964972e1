using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Cli;

/// <summary>
/// Response files: <c>@file</c> stands for the file's lines, one argument each, as they are. Nothing is quoted, so any path can be written; nothing in them
/// is looked up again.
/// </summary>
internal static class ResponseFile
{
    /// <summary>Room for some hundred adapters with the longest paths.</summary>
    private const int LongestText = 1 << 20;

    /// <returns>False where a response file cannot be read; <paramref name="error"/> says why.</returns>
    public static bool TryExpand(string[] args, [NotNullWhen(true)] out string[]? expanded, [NotNullWhen(false)] out string? error)
    {
        var words = new List<string>();
        expanded = null;
        error = null;
        foreach (string word in args)
        {
            if (word.Length < 2 || word[0] != '@')
                words.Add(word);
            else if (TryRead(word[1..], out IReadOnlyList<string>? lines, out error))
                words.AddRange(lines);
            else
                return false;
        }
        expanded = [.. words];
        return true;
    }

    public static bool TryRead(string path, [NotNullWhen(true)] out IReadOnlyList<string>? arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = null;
        try
        {
            // A pipe will do; what never ends, such as a device, does not.
            using StreamReader file = File.OpenText(path);
            char[] text = new char[LongestText + 1];
            int length = file.ReadBlock(text);
            error = length > LongestText ? $"The response file '{path}' has more than {LongestText} characters, and no more are read." : null;
            arguments = error is null ? [.. Lines(new string(text, 0, length))] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            error = $"The response file '{path}' cannot be read: {e.Message}";
        }
        return arguments is not null;
    }

    private static IEnumerable<string> Lines(string text)
    {
        using var reader = new StringReader(text);
        while (reader.ReadLine() is string line)
        {
            if (line.Length > 0)
                yield return line;
        }
    }
}
