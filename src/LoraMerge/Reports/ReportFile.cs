using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Reports;

/// <summary>The page as a file: whole or not at all, over nothing but an earlier report, and in no model's folder.</summary>
internal static class ReportFile
{
    /// <summary>Before the long work: it ends in this file, or in none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="models">Folders of models and adapters: a page in an input would change it, and one in a merged model would stop the next merge.</param>
    /// <exception cref="LoraMergeException">LORA1101, LORA1109, LORA1150, LORA1170.</exception>
    public static void ThrowIfUnusable(string path, IEnumerable<string> models)
    {
        if (string.IsNullOrWhiteSpace(path) || Path.EndsInDirectorySeparator(path))
            throw Errors.ArgumentInvalid("The report", path, "the path of a file");
        string file = Path.GetFullPath(path);
        try
        {
            string real = RealPath.Of(file);
            if (!ReportMark.MayBePutAt(real))
                throw Errors.ReportFileNotOurs(file);
            if (models.FirstOrDefault(model => RealPath.IsSameOrBelow(real, RealPath.Of(model))) is string model)
                throw Errors.ReportInsideModel(file, model);
            string folder = Path.GetDirectoryName(real)!;
            while (!Path.Exists(folder))
                folder = Path.GetDirectoryName(folder)!;
            if (!Directory.Exists(folder))
                throw new IOException($"'{folder}' is a file, and no folder");
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
            if (ReportMark.MayBePutAt(place.ReportFile))
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
        string file = Path.GetFullPath(path);
        try
        {
            if (!ReportMark.MayBePutAt(RealPath.Of(file)))
                throw Errors.ReportFileNotOurs(file);
            AtomicFile.WriteLines(file, [ReportPage.Of(report)]);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(file, e);
        }
    }
}
