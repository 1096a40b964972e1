namespace LoraMerge.Build;

/// <summary>A merged model of the store and the folder that it goes to.</summary>
/// <param name="Folder">Absolute path in the output or in the publish folder.</param>
/// <param name="Key">Its key; null where the store does not tell.</param>
/// <param name="Files">Its files.</param>
internal sealed record PlacedModel(string Folder, string? Key, IReadOnlyList<PlacedFile> Files)
{
    /// <summary>Without it a model is not whole.</summary>
    public const string ManifestName = "lora-merge.json";

    private static readonly string[] s_weights = [".safetensors", ".gguf"];

    /// <summary>Whether a file holds weights. The others are small, and some people edit them in the output: they are never linked.</summary>
    public static bool IsWeightFile(string path) => s_weights.Contains(Path.GetExtension(path));

    public static bool IsManifest(string path) => Path.GetFileName(path) == ManifestName;

    /// <summary>
    /// When a file of a model comes into its place, the lowest first: weights, what describes them, what an engine opens first, the manifest. Files are taken
    /// away the other way round.
    /// </summary>
    public static int TurnOf(string path) => IsManifest(path) ? 3 : Path.GetFileName(path) == "config.json" ? 2 : IsWeightFile(path) ? 0 : 1;
}

/// <summary>A file of the store and its place.</summary>
/// <param name="Source">Absolute path in the store.</param>
/// <param name="Destination">Absolute path in the output or in the publish folder.</param>
/// <param name="Hash">What the bytes must have that are placed; null where the store's times are trusted.</param>
internal sealed record PlacedFile(string Source, string Destination, string? Hash)
{
    public bool IsManifest => PlacedModel.IsManifest(Destination);

    /// <summary>MSBuild's own rule, so that its copy would find nothing to do.</summary>
    /// <exception cref="FileNotFoundException">The store does not have the file.</exception>
    public bool IsInPlace => File.Exists(Destination) && FileStamp.Of(Destination) == FileStamp.Of(Source);
}
