namespace LoraMerge.Build;

/// <summary>Renames that are done together or not at all, as far as the system lets them be undone.</summary>
internal sealed class Renames(FileSteps steps)
{
    private readonly List<string> _from = [], _to = [];

    /// <summary>Those that are done.</summary>
    public int Count => _to.Count;

    /// <exception cref="IOException">The file cannot be renamed; those before it are.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be renamed; those before it are.</exception>
    public void Add(string from, string to)
    {
        if (Directory.Exists(from) || Directory.Exists(to))
            throw new IOException("A folder has this name.");
        steps.Move(from, to);
        _from.Add(from);
        _to.Add(to);
    }

    /// <summary>Gives the files their names back, the last one first.</summary>
    /// <returns>False where one could not be: then those before it are still renamed.</returns>
    public bool TryUndo()
    {
        try
        {
            while (Count > 0)
            {
                steps.Move(_to[Count - 1], _from[Count - 1]);
                _from.RemoveAt(Count - 1);
                _to.RemoveAt(Count - 1);
            }
            return true;
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            return false;
        }
    }
}
