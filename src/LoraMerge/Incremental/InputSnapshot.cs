using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Incremental;

/// <summary>The files that decide a merged model, with their sizes and times when the merge began.</summary>
/// <param name="Roots">The base, then the adapters in order.</param>
/// <param name="Taken">When the stamps were read, in UTC; contents are read later.</param>
internal sealed record InputSnapshot(ImmutableArray<InputRoot> Roots, DateTime Taken)
{
    /// <exception cref="LoraMergeException">LORA1107, LORA1110.</exception>
    public static InputSnapshot Take(MergeRequest request)
    {
        DateTime now = DateTime.UtcNow;
        return new InputSnapshot(
        [
            Look("base model", request.BaseModel, InputFiles.OfBase),
            .. request.Adapters.Select((adapter, i) => Look("adapter", adapter.Path, path => InputFiles.OfAdapter(path, i + 1))),
        ], now);
    }

    /// <exception cref="LoraMergeException">LORA1110, LORA1111.</exception>
    public void ThrowIfChanged()
    {
        foreach (InputFile file in Roots.SelectMany(root => root.Files).Where(file => !IsAsItWas(file)))
            throw Errors.InputChangedDuringMerge(file.FullPath);
    }

    private static bool IsAsItWas(InputFile file)
    {
        try
        {
            return FileStamp.Of(file.FullPath) == file.Stamp;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file.FullPath, e);
        }
    }

    private static InputRoot Look(string what, string path, Func<string, InputRoot> enumerate)
    {
        if (!Path.Exists(path))
            throw Errors.PathNotFound(what, path);
        try
        {
            return enumerate(Path.GetFullPath(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }
}
