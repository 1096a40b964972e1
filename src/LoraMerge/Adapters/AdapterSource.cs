using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>Where an adapter lies: a folder, or a weight file with its configuration beside it.</summary>
internal sealed class AdapterSource
{
    public const string ConfigName = "adapter_config.json";

    private AdapterSource(string path, bool isFile)
    {
        Path = path;
        IsFile = isFile;
        Folder = isFile ? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))! : path;
        Fields = File.Exists(ConfigFile) ? ConfigFields.Read(ConfigFile) : null;
    }

    /// <summary>As the user wrote it.</summary>
    public string Path { get; }

    /// <summary>Whether it is a weight file, not a folder.</summary>
    public bool IsFile { get; }

    /// <summary>The folder that holds the configuration.</summary>
    public string Folder { get; }

    /// <summary>The configuration; null where there is none.</summary>
    public ConfigFields? Fields { get; }

    private string ConfigFile => System.IO.Path.Combine(Folder, ConfigName);

    /// <exception cref="LoraMergeException">LORA1107, LORA1110, LORA2003, LORA3002.</exception>
    public static AdapterSource Find(string path)
    {
        bool isFile = File.Exists(path);
        if (!isFile && !Directory.Exists(path))
            throw Errors.PathNotFound("adapter", path);
        return new AdapterSource(path, isFile);
    }

    /// <summary>The first of some files that is in the folder; null where none is.</summary>
    public string? FindFile(IEnumerable<string> names) => names.Select(name => System.IO.Path.Combine(Folder, name)).FirstOrDefault(File.Exists);
}
