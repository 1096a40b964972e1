using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Cli;

/// <summary>Response files: <c>@file</c> stands for the file's lines, one argument each, as they are. Nothing is quoted, so any path can be written.</summary>
internal static class ResponseFile
{
    /// <returns>False where a response file cannot be read; <see cref="TryRead"/> says why.</returns>
    public static bool TryExpand(string[] args, [NotNullWhen(true)] out string[]? expanded)
    {
        var words = new List<string>();
        expanded = null;
        foreach (string word in args)
        {
            if (word.Length < 2 || word[0] != '@')
                words.Add(word);
            else if (TryRead(word[1..], out IReadOnlyList<string>? lines, out _))
                words.AddRange(lines!);
            else
                return false;
        }
        expanded = [.. words];
        return true;
    }

    public static bool TryRead(string path, out IReadOnlyList<string>? arguments, out string? error)
    {
        try
        {
            arguments = [.. File.ReadAllLines(path).Where(line => line.Length > 0)];
            error = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            arguments = null;
            error = $"The response file '{path}' cannot be read: {e.Message}";
            return false;
        }
    }
}
