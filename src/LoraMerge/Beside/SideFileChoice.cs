using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Chooses the files that stand beside the weights: the base's, overlaid by those that adapters bring, so that all readers see the same.</summary>
internal static class SideFileChoice
{
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static ImmutableArray<SideFile> Of(Checkpoint checkpoint, ImmutableArray<Adapter> adapters, List<MergeEvent> notes)
    {
        try
        {
            SideFileSet files = Overlay(checkpoint, adapters, notes);
            ProcessorChoice.Settle(checkpoint, files, notes);
            TokenizerChoice.Settle(checkpoint, files, notes);
            EndOfText.Settle(checkpoint, files, notes);
            ChatTemplateChoice.Of(checkpoint, adapters, notes)?.WriteTo(files, notes);
            foreach (IGrouping<Adapter, string> brought in files.Names.Where(name => files.AdapterOf(name) is not null).GroupBy(name => files.AdapterOf(name)!))
                notes.Add(Notes.SideFilesOfAdapter([.. brought], brought.Key.Path));
            return [.. files.Files];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(checkpoint.Path, e);
        }
    }

    /// <summary>Those of one model as they are: relative path and where each comes from.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003.</exception>
    public static Dictionary<string, SideSource> Of(Checkpoint checkpoint)
    {
        InputFile[] files = [.. checkpoint.Files.Files.Where(file => file.IsBeside)];
        foreach (InputFile file in files)
            ThrowIfUnusable(file.FullPath);
        return files.ToDictionary(file => file.RelativePath, file => SideSource.Of(file)!, StringComparer.Ordinal);
    }

    private static SideFileSet Overlay(Checkpoint checkpoint, ImmutableArray<Adapter> adapters, List<MergeEvent> notes)
    {
        var files = new SideFileSet();
        foreach (InputFile file in checkpoint.Files.Files.Where(file => file.IsBeside))
        {
            ThrowIfUnusable(file.FullPath);
            files.Add(file, null);
        }
        notes.AddRange(LeftBehind.Of(checkpoint, adapters));
        foreach (Adapter adapter in adapters)
        {
            foreach (InputFile file in adapter.Files.Files.Where(file => file.IsBeside))
            {
                ThrowIfUnusable(file.FullPath);
                if (files.AdapterOf(file.RelativePath) is Adapter other && !files.BytesOf(file.RelativePath)!.HasSameBytesAs(SideSource.Of(file)!))
                    notes.Add(Notes.SideFileClash(file.RelativePath, other.Path, adapter.Path));
                if (files.BytesOf(file.RelativePath) is not SideSource there || !there.HasSameBytesAs(SideSource.Of(file)!))
                    files.Add(file, adapter);
            }
        }
        return files;
    }

    /// <summary>Found now rather than behind gigabytes of weights.</summary>
    private static void ThrowIfUnusable(string file)
    {
        try
        {
            LfsPointer.ThrowIf(file);
            Utf16Text.ThrowIf(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }
}
