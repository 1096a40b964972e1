namespace LoraMerge.Cli;

/// <summary>Response files: <c>@file</c> stands for the file's lines, one argument each, as they are. Nothing is quoted, so any path can be written.</summary>
internal static class ResponseFile
{
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
