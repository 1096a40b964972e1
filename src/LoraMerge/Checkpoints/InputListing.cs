using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>Lists the files of bases and adapters, and tells what is wrong with them as the engine tells it.</summary>
internal static class InputListing
{
    /// <param name="path">A folder or a weight file.</param>
    /// <param name="fetched">What is known of it from the hub; null for what the user laid there.</param>
    /// <exception cref="LoraMergeException">LORA1107, 1110, 1130.</exception>
    public static InputRoot OfBase(string path, FetchedInput? fetched = null) => List("base model", path, full => InputFiles.OfBase(full, fetched));

    /// <param name="path">A folder or a weight file.</param>
    /// <param name="number">1 for the adapter that is applied first.</param>
    /// <param name="fetched">What is known of it from the hub; null for what the user laid there.</param>
    /// <exception cref="LoraMergeException">LORA1107, 1110, 1130.</exception>
    public static InputRoot OfAdapter(string path, int number, FetchedInput? fetched = null) =>
        List("adapter", path, full => InputFiles.OfAdapter(full, number, fetched));

    /// <summary>Whether anything is at a path.</summary>
    /// <exception cref="LoraMergeException">LORA1110: the system cannot tell.</exception>
    public static bool IsThere(string path)
    {
        try
        {
            return Presence.OfAny(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }

    private static InputRoot List(string what, string path, Func<string, InputRoot> list)
    {
        if (!IsThere(path))
            throw Errors.PathNotFound(what, path);
        try
        {
            return list(Path.GetFullPath(path));
        }
        catch (LinkLeadsOutException e)
        {
            throw Errors.InputLeadsOut(e.File, e.Target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }
}
