using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>Finds the input that a build failed to read, to blame the item that names it and no other.</summary>
internal static class UnreadableInput
{
    /// <returns>The item, and its folder or file; null where all can be read now.</returns>
    public static (ITaskItem Item, string Path)? Find(ModelRequest request)
    {
        if (FindIn(request.BasePath, request.ListBase) is { } ofBase)
            return (request.BaseItem, ofBase);
        for (int i = 0; i < request.AdapterPaths.Count; i++)
        {
            if (FindIn(request.AdapterPaths[i], () => request.ListAdapter(i)) is { } ofAdapter)
                return (request.AdapterItems[i], ofAdapter);
        }
        return null;
    }

    private static string? FindIn(string path, Func<InputRoot> list)
    {
        string reading = path;
        try
        {
            foreach (InputFile file in list().Files)
            {
                reading = file.FullPath;
                if (SpecialKind.Of(reading) is not null)
                    continue; // a pipe would be waited for; the worker says what it is
                using FileStream stream = File.OpenRead(reading);
                stream.ReadByte();
            }
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return reading;
        }
    }
}
