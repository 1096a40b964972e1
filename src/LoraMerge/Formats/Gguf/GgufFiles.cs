using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Formats.Gguf;

/// <summary>Finds and opens models that are GGUF files.</summary>
internal static partial class GgufFiles
{
    private const string Extension = ".gguf";

    /// <summary>The file of a model, or its first part: the path itself, or the only one of a folder that holds no other weights.</summary>
    /// <returns>Null where there is none, or more than one.</returns>
    public static string? Find(string path)
    {
        if (IsFile(path))
            return path;
        if (!Directory.Exists(path) || WeightFiles.Among([.. Names(path)]).Form != WeightForm.None)
            return null;
        return Names(path).Where(name => IsFile(name) && !LaterPart.IsMatch(name)).ToArray() is [string only] ? Path.Combine(path, only) : null;
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

    private static bool IsFile(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path);

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

    [GeneratedRegex(@"-(?!00001)\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase)]
    private static partial Regex LaterPart { get; }
}
