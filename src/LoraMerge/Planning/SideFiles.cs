using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Chooses the files that stand beside the weights: the base's, overlaid by tokenizer and chat template of the adapters.</summary>
internal static class SideFiles
{
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003.</exception>
    public static ImmutableArray<SideFile> Of(Checkpoint checkpoint, ImmutableArray<Adapter> adapters, List<MergeEvent> notes)
    {
        try
        {
            return Choose(checkpoint, adapters, notes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(checkpoint.Path, e);
        }
    }

    private static ImmutableArray<SideFile> Choose(Checkpoint checkpoint, ImmutableArray<Adapter> adapters, List<MergeEvent> notes)
    {
        var files = new SortedDictionary<string, (string Source, Adapter? Adapter)>(StringComparer.Ordinal);
        foreach (InputFile file in checkpoint.Files.Files.Where(file => file.IsBeside))
            Add(file, null);
        notes.AddRange(LeftBehind.Of(checkpoint, adapters));
        foreach (Adapter adapter in adapters)
        {
            foreach (InputFile file in adapter.Files.Files.Where(file => file.IsBeside))
            {
                ThrowIfNotThere(file.FullPath);
                if (files.TryGetValue(file.RelativePath, out (string Source, Adapter? Adapter) other) && other.Adapter is not null && !HaveSameBytes(other.Source, file.FullPath))
                    notes.Add(Notes.SideFileClash(file.RelativePath, other.Adapter.Path, adapter.Path));
                Add(file, adapter);
            }
        }
        return [.. files.Select(pair => new SideFile(pair.Value.Source, pair.Key))];

        void Add(InputFile file, Adapter? adapter)
        {
            ThrowIfNotThere(file.FullPath);
            files[file.RelativePath] = (file.FullPath, adapter);
        }
    }

    /// <summary>Those of one model: relative path and where each lies.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003.</exception>
    public static Dictionary<string, string> Of(Checkpoint checkpoint) => Of(checkpoint, [], []).ToDictionary(file => file.RelativePath, file => file.Source, StringComparer.Ordinal);

    /// <summary>Found now rather than behind gigabytes of weights.</summary>
    private static void ThrowIfNotThere(string file)
    {
        try
        {
            LfsPointer.ThrowIf(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    public static bool HaveSameBytes(string first, string second) =>
        FileStamp.Of(first).ByteLength == FileStamp.Of(second).ByteLength && HasBytes(first, File.ReadAllBytes(second));

    public static bool HasBytes(string file, byte[] bytes) => File.ReadAllBytes(file).AsSpan().SequenceEqual(bytes);
}
