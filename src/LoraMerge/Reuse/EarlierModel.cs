using LoraMerge.Agreed.Entries;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Formats.Gguf;
using LoraMerge.Manifests;
using LoraMerge.Planning;
using LoraMerge.Quantized;

namespace LoraMerge.Reuse;

/// <summary>A merged model in a store that a new one can take tensors and whole files from.</summary>
internal sealed class EarlierModel
{
    private readonly string _folder;
    private readonly MergeManifest _manifest;
    private readonly Checkpoint? _checkpoint; // of formats whose tensors can be taken one by one
    private readonly Dictionary<string, FileStamp> _soundFiles;

    private EarlierModel(string folder, MergeManifest manifest, Dictionary<string, FileStamp> soundFiles)
    {
        _folder = folder;
        _manifest = manifest;
        _soundFiles = soundFiles;
        _checkpoint = GgufFiles.Find(folder) is null ? BaseModels.Open(folder) : null;
    }

    /// <returns>Null where the entry is not whole, or of another version.</returns>
    public static EarlierModel? TryOpen(EntryPlace place)
    {
        try
        {
            if (StoreEntry.TryLoad(place, key: null) is not StoreEntry entry)
                return null;
            string folder = place.Folder;
            // As the entry was left: a file with another time would have to be read to be trusted, and reading is what reuse saves.
            Dictionary<string, FileStamp> sound = entry.Files
                .Where(file => File.Exists(Path.Combine(folder, file.RelativePath)) && FileStamp.Of(Path.Combine(folder, file.RelativePath)) == file.Stamp)
                .ToDictionary(file => file.RelativePath, file => file.Stamp, StringComparer.Ordinal);
            return sound.ContainsKey(MergeManifest.FileName)
                ? new EarlierModel(folder, MergeManifest.Read(Path.Combine(folder, MergeManifest.FileName)), sound)
                : null;
        }
        catch (Exception e) when (e is LoraMergeException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A weight file with exactly these bytes; null where there is none.</summary>
    public EarlierFile? Find(PlannedShard shard, string recipe) =>
        _soundFiles.TryGetValue(shard.FileName, out FileStamp stamp)
        && _manifest.FileRecipes?.GetValueOrDefault(shard.FileName) == recipe
        && _manifest.Files.TryGetValue(shard.FileName, out string? hash)
            ? new EarlierFile(Path.Combine(_folder, shard.FileName), hash, stamp)
            : null;

    /// <summary>What the merge that computed exactly this tensor wrote down; null where none did.</summary>
    public ManifestTensor? FindMade(PlannedTensor.Computed tensor, string recipe) =>
        _manifest.Tensors.TryGetValue(tensor.Name, out ManifestTensor? made) && made.Recipe == recipe ? made : null;

    /// <summary>Where a tensor that was made lies; null where its file is not sound, or holds it in another form.</summary>
    public StoredTensor? FindStored(string name) =>
        _checkpoint?.TryFind(name, out TensorSource? source) == true && source is StoredTensor stored && _soundFiles.ContainsKey(Path.GetFileName(stored.File))
            ? stored
            : null;
}
