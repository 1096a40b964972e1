using System.Text.Json;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Output;

/// <summary>
/// The folder that a merge fills, beside the model's place. It lists what will be in it before anything is, so that the next merge can remove it file by
/// file if this one is killed.
/// </summary>
internal static class StagedFolder
{
    /// <summary>The list: a JSON object whose "files" has a property for each, as in the manifest.</summary>
    public const string ListName = ".lora-merge.files";

    /// <summary>Makes the folder with its list.</summary>
    /// <param name="folder">Its path; nothing is there.</param>
    /// <param name="files">Relative paths of all files that will be in it.</param>
    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public static void Begin(string folder, IEnumerable<string> files)
    {
        try
        {
            Directory.CreateDirectory(folder);
            WriteList(folder, files);
            DiskFlush.OfFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(folder, e);
        }
    }

    private static void WriteList(string folder, IEnumerable<string> files)
    {
        string path = Path.Combine(folder, ListName);
        using FileStream list = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        using (var json = new Utf8JsonWriter(list))
        {
            json.WriteStartObject();
            json.WriteStartObject("files");
            foreach (string name in files.Distinct(StringComparer.Ordinal))
                json.WriteNull(name);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        DiskFlush.OfFile(list, path);
    }

    /// <summary>Ends the making: all names are on the disk, and from now on the folder is known by the model's manifest.</summary>
    /// <exception cref="LoraMergeException">LORA1103: somebody has put another file there.</exception>
    /// <exception cref="IOException">It cannot be written, or the disk did not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Complete(string folder)
    {
        if (OwnFiles.In(folder).FindForeign() is string foreign)
            throw Errors.StagingHoldsForeignFile(folder, foreign);
        foreach (string subfolder in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
            DiskFlush.OfFolder(subfolder);
        DiskFlush.OfFolder(folder);
        File.Delete(Path.Combine(folder, ListName));
        DiskFlush.OfFolder(folder);
    }
}
