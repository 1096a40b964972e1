using LoraMerge.Agreed.FileSystem;

namespace LoraMerge.Output;

/// <summary>A folder that was put into another one's place, and can be taken back.</summary>
/// <remarks>
/// Linux and macOS exchange two folders in one step where the file system can. Elsewhere it takes two renames, between which nothing is in the place;
/// after a kill there, what was there before lies aside, whole.
/// </remarks>
internal sealed class FolderSwap
{
    private readonly string _staged;

    private FolderSwap(string staged, string place, string? earlier)
    {
        _staged = staged;
        Place = place;
        Earlier = earlier;
    }

    /// <summary>Where the folder lies now.</summary>
    public string Place { get; }

    /// <summary>Where that lies now which was in the place; null where nothing was.</summary>
    public string? Earlier { get; }

    /// <param name="staged">The folder.</param>
    /// <param name="place">Where it is to be; on the same file system.</param>
    /// <param name="aside">Where that goes which is there, if the two cannot be exchanged.</param>
    /// <exception cref="IOException">It cannot be done; all is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be done; all is as it was.</exception>
    public static FolderSwap Make(string staged, string place, string aside)
    {
        if (!Presence.OfFolder(place))
        {
            Directory.Move(staged, place);
            return new FolderSwap(staged, place, earlier: null);
        }
        if (FolderExchange.TryMake(staged, place))
            return new FolderSwap(staged, place, earlier: staged);
        bool isEmpty = !Directory.EnumerateFileSystemEntries(place).Any();
        if (isEmpty)
            Directory.Delete(place); // which goes where a rename does not
        else
            Directory.Move(place, aside);
        try
        {
            Directory.Move(staged, place);
        }
        catch
        {
            if (isEmpty)
                Directory.CreateDirectory(place);
            else
                Directory.Move(aside, place);
            throw;
        }
        return new FolderSwap(staged, place, isEmpty ? null : aside);
    }

    /// <summary>Puts both back.</summary>
    /// <returns>Whether that could be done.</returns>
    public bool TryUndo()
    {
        try
        {
            if (Earlier == _staged)
                return FolderExchange.TryMake(_staged, Place);
            Directory.Move(Place, _staged);
            if (Earlier is not null)
                Directory.Move(Earlier, Place);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
