using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Keeps processors readable for those who read the base's.</summary>
internal static class ProcessorChoice
{
    private const string FileName = "processor_config.json";

    /// <summary>What transformers 5 writes into processor_config.json, and older releases into files of their own.</summary>
    private static readonly string[] Parts = ["image_processor", "video_processor", "feature_extractor", "audio_processor"];

    /// <summary>Leaves out an adapter's processor_config.json in the newer form where the base has its parts in files of their own.</summary>
    public static void Settle(Checkpoint checkpoint, SideFileSet files, ICollection<MergeEvent> notes)
    {
        if (files.AdapterOf(FileName) is not Adapter adapter || !IsNew(files.BytesOf(FileName)))
            return;
        SideSource? ofBase = SideSource.Of(checkpoint.Files.FindBeside(FileName));
        if (IsNew(ofBase) || (ofBase is null && checkpoint.Files.Find("preprocessor_config.json") is null))
            return;
        if (ofBase is null)
            files.Remove(FileName);
        else
            files.PutBack(FileName, ofBase);
        notes.Add(Notes.NewProcessorLeftOut(adapter.Path, checkpoint.Path));
    }

    private static bool IsNew(SideSource? file) => JsonSideFile.TryRead(file) is { } json && Parts.Any(json.ContainsKey);
}
