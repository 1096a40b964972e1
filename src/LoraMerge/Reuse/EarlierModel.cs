using System.Collections.Immutable;
using LoraMerge.Agreed.Entries;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
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
    private readonly Checkpoint? _checkpoint; // where the plan's tensors lie in the files themselves
    private readonly IReadOnlyDictionary<string, StoredTensor> _made; // where they do not
    private readonly Dictionary<string, FileStamp> _soundFiles;

    private EarlierModel(string folder, MergeManifest manifest, Dictionary<string, FileStamp> soundFiles)
    {
        _folder = folder;
        _manifest = manifest;
        _soundFiles = soundFiles;
        string? gguf = GgufFiles.Find(folder);
        _checkpoint = gguf is null ? BaseModels.Open(folder) : null;
        _made = gguf is null || manifest.MadeRecipes is null ? ImmutableDictionary<string, StoredTensor>.Empty : GgufFiles.BytesIn(gguf);
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
                ? new EarlierModel(folder, MergeManifest.Read(MergeManifest.PathIn(folder)), sound)
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

    /// <summary>Where exactly these bytes of a tensor of a file lie; null where they do not, or their file is not sound.</summary>
    public StoredTensor? FindMade(MadeTensor made, string recipe) =>
        _manifest.MadeRecipes?.GetValueOrDefault(made.Name) == recipe && _made.TryGetValue(made.Name, out StoredTensor? bytes)
        && bytes.ByteLength == made.ByteLength && _soundFiles.ContainsKey(Path.GetFileName(bytes.File))
            ? bytes
            : null;

    /// <summary>Where a tensor that was made lies; null where its file is not sound, or holds it in another form.</summary>
    public StoredTensor? FindStored(string name) =>
        _checkpoint?.TryFind(name, out TensorSource? source) == true && source is StoredTensor stored && _soundFiles.ContainsKey(Path.GetFileName(stored.File))
            ? stored
            : null;
}
