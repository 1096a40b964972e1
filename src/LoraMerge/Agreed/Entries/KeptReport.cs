using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Agreed.Entries;

/// <summary>The report of an entry, kept beside it: whoever finds the model in the store has what was measured while it was merged, to the byte.</summary>
/// <remarks>It decides nothing: losing it costs a reader of the page some numbers.</remarks>
internal static class KeptReport
{
    /// <summary>Puts it where a build has its page.</summary>
    /// <param name="place">The entry.</param>
    /// <param name="key">The model's key, which the report must name.</param>
    /// <param name="page">The page; another file than a report stays as it is.</param>
    /// <returns>False where there is none, or it cannot be read or put there: then a report is made of the manifest.</returns>
    public static bool TryCopy(EntryPlace place, string key, string page)
    {
        try
        {
            if (!ReportMark.MayBePutAt(page) || !ReportMark.IsOf(key, place.ReportFile))
                return false;
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            AtomicFile.Place(page, partial => File.Copy(place.ReportFile, partial));
            AtomicFile.DeleteRemains(Path.GetDirectoryName(page)!, target => target == Path.GetFileName(page));
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Deletes it, and no other file of its name.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be deleted.</exception>
    public static void Delete(EntryPlace place)
    {
        if (Presence.OfFile(place.ReportFile) && ReportMark.IsIn(place.ReportFile))
            File.Delete(place.ReportFile);
    }
}
