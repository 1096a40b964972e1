using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Reports;

/// <summary>The page as a file: whole or not at all, and over nothing but an earlier report.</summary>
internal static class ReportFile
{
    /// <summary>Before the long work: it ends in this file, or in none.</summary>
    /// <exception cref="LoraMergeException">LORA1109, LORA1150.</exception>
    public static void ThrowIfForeign(string path)
    {
        string file = Path.GetFullPath(path);
        try
        {
            if (Directory.Exists(file) || (File.Exists(file) && !ReportMark.IsIn(file)))
                throw Errors.ReportFileNotOurs(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(file, e);
        }
    }

    /// <summary>Keeps a report beside an entry of a store. Where that cannot be, only the numbers are missed that a manifest does not hold.</summary>
    public static void Keep(MergeReport report, EntryPlace place)
    {
        try
        {
            if (!Presence.OfAny(place.ReportFile) || ReportMark.IsIn(place.ReportFile))
                AtomicFile.WriteLines(place.ReportFile, [ReportPage.Of(report)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, or a folder in its place: the model is there, and that counts.
        }
    }

    /// <returns>The full path.</returns>
    /// <exception cref="LoraMergeException">LORA1109, LORA1150, LORA5020.</exception>
    public static string Write(MergeReport report, string path)
    {
        ThrowIfForeign(path);
        string file = Path.GetFullPath(path);
        try
        {
            AtomicFile.WriteLines(file, [ReportPage.Of(report)]);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(file, e);
        }
    }
}
