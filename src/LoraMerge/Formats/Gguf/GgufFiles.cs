using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Formats.Gguf;

/// <summary>Finds and opens models that are GGUF files.</summary>
internal static class GgufFiles
{
    /// <summary>The file of a model, or its first part: the path itself, or the only one of a folder that holds no other weights.</summary>
    /// <returns>Null where there is none, or more than one.</returns>
    public static string? Find(string path)
    {
        if (IsFile(path))
            return path;
        return Directory.Exists(path) && WeightFiles.Among(Names(path)) is { Form: WeightForm.Gguf, Entry: string entry } ? Path.Combine(path, entry) : null;
    }

    /// <exception cref="LoraMergeException">LORA1110, LORA2060.</exception>
    public static GgufModel Open(string file)
    {
        try
        {
            return GgufModel.Open(file);
        }
        catch (GgufFormatException e)
        {
            throw Errors.GgufInvalid(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    private static bool IsFile(string path) => GgufNames.IsOne(path) && !Directory.Exists(path);

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(folder, e);
        }
    }
}
