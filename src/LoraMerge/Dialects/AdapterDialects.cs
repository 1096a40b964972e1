using LoraMerge.Adapters;
using LoraMerge.Agreed.Messages;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Dialects.Gguf;
using LoraMerge.Dialects.Mlx;
using LoraMerge.Dialects.Peft;

namespace LoraMerge.Dialects;

/// <summary>The libraries whose adapters are read.</summary>
internal static class AdapterDialects
{
    /// <summary>In the order in which they are asked whether an adapter is theirs.</summary>
    private static readonly AdapterDialect[] All = [new GgufDialect(), new MlxDialect(), new PeftDialect()];

    /// <summary>Reads an adapter folder, or a weight file with its configuration beside it.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="release">The release that wrote it, where the user knows; else the file is dated by its fields.</param>
    /// <param name="fetched">What is known of it from the hub; null for what the user laid there.</param>
    /// <exception cref="LoraMergeException">LORA1105, 1107, 1110, 1130, 2002, 2003, 3001 to 3060, 3133 to 3135.</exception>
    public static Adapter Open(string path, string? release = null, FetchedInput? fetched = null) => Open(AdapterSource.Find(path, fetched), release);

    /// <inheritdoc cref="Open(string, string?, FetchedInput?)"/>
    /// <param name="source">Where it lies.</param>
    /// <param name="release">The release that wrote it, where the user knows.</param>
    public static Adapter Open(AdapterSource source, string? release)
    {
        AdapterDialect dialect = Of(source);
        AdapterOrigin dated = dialect.Date(source);
        AdapterOrigin origin = release is null ? dated : AdapterOrigin.Asked(dated.Library, release, source.Path);
        Adapter adapter = dialect.Read(source, origin) with { Files = source.Files };
        return dated.IsContradictedBy(origin)
            ? adapter with { Notes = [Notes.AdapterReleaseContradicted(dated, release!, source.Path), .. adapter.Notes] }
            : adapter;
    }

    /// <summary>Whether something is an adapter, read or refused, and no model.</summary>
    public static bool IsAdapter(AdapterSource source) => source.Fields is not null || Array.Exists(All, dialect => dialect.Owns(source));

    /// <exception cref="LoraMergeException">
    /// LORA3001: there is no configuration, without which nobody reads it. LORA3017: it is nobody's. LORA3040: of another library. LORA3046. LORA3135.
    /// </exception>
    public static AdapterDialect Of(AdapterSource source) => Array.Find(All, dialect => dialect.Owns(source)) ?? throw NotRead(source);

    private static LoraMergeException NotRead(AdapterSource source)
    {
        if (source.Fields is { } fields)
            return OtherLibraries.Of(fields) is string configured
                ? Errors.AdapterOfOtherLibrary(fields.File, configured)
                : Errors.AdapterKindMissing(fields.File, fields.Names);
        if (source.GgufFile is string gguf)
            throw Errors.GgufIsNoAdapter(gguf);
        // Without a configuration the weights may still tell whose they are.
        string[] weights = source.IsFile ? [source.Path] : [.. Directory.EnumerateFiles(source.Folder, "*.safetensors").Order(StringComparer.Ordinal)];
        foreach (string file in weights.Where(file => Path.GetExtension(file) == ".safetensors"))
        {
            if (OtherLibraries.Of(Shard.Read(file)) is string library)
                return Errors.AdapterOfOtherLibrary(file, library);
        }
        if (!source.IsFile && PathGuess.FileIn(source.Folder, "adapter_", ".pt") is string checkpoint)
        {
            return Errors.AdapterOfOtherLibrary(
                Path.Combine(source.Folder, checkpoint),
                $"torchtune in its own form ({checkpoint}); its checkpointer writes adapter_config.json and adapter_model.safetensors beside it where the "
                    + "model "
                + "is one of Hugging Face");
        }
        return Errors.AdapterConfigMissing(source.Path);
    }
}
