using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>The files of an adapter that decide what it is: its configuration and its weights.</summary>
internal sealed class AdapterFiles
{
    public const string ConfigName = "adapter_config.json";

    private const string SafetensorsName = "adapter_model.safetensors";
    private const string PickleName = "adapter_model.bin";
    private const string MlxName = "adapters.safetensors";
    private const string OldMlxName = "adapters.npz";

    private readonly string _path;
    private readonly string _folder;
    private readonly bool _isFile;

    private AdapterFiles(string path, string folder, bool isFile)
    {
        _path = path;
        _folder = folder;
        _isFile = isFile;
    }

    /// <summary>adapter_config.json, which lies in the folder, or beside the weight file.</summary>
    public string Config => Path.Combine(_folder, ConfigName);

    /// <exception cref="LoraMergeException">LORA1107, 3001, 3040, 3046.</exception>
    public static AdapterFiles Find(string path)
    {
        bool isFile = File.Exists(path);
        if (!isFile && !Directory.Exists(path))
            throw Errors.PathNotFound("adapter", path);
        if (isFile && Path.GetExtension(path) == ".npz")
            throw Errors.AdapterIsNumpyArchive(path);
        var files = new AdapterFiles(path, isFile ? Path.GetDirectoryName(Path.GetFullPath(path))! : path, isFile);
        if (!File.Exists(files.Config))
            throw files.WithoutConfig();
        return files;
    }

    /// <summary>The weight file that a dialect's adapters have. Other files beside it, such as saves during training, are none of the adapter's.</summary>
    /// <exception cref="LoraMergeException">LORA3003, 3046.</exception>
    public string Weights(AdapterDialect dialect)
    {
        if (_isFile)
            return _path;
        string weights = Path.Combine(_folder, dialect == AdapterDialect.Mlx ? MlxName : SafetensorsName);
        if (File.Exists(weights))
            return weights;
        string pickle = Path.Combine(_folder, PickleName);
        if (dialect == AdapterDialect.Peft && File.Exists(pickle))
            return pickle;
        if (dialect == AdapterDialect.Mlx && File.Exists(Path.Combine(_folder, OldMlxName)))
            throw Errors.AdapterIsNumpyArchive(Path.Combine(_folder, OldMlxName));
        throw Errors.AdapterWeightsMissing(_folder, dialect == AdapterDialect.Mlx ? MlxName : $"{SafetensorsName} or {PickleName}");
    }

    /// <summary>Without a configuration the weights may still tell whose they are.</summary>
    private LoraMergeException WithoutConfig()
    {
        if (File.Exists(Path.Combine(_folder, OldMlxName)))
            return Errors.AdapterIsNumpyArchive(Path.Combine(_folder, OldMlxName));
        string[] weights = _isFile ? [_path] : [.. Directory.EnumerateFiles(_folder, "*.safetensors").Order(StringComparer.Ordinal)];
        foreach (string file in weights.Where(file => Path.GetExtension(file) == ".safetensors"))
        {
            if (ForeignWeights.Library(Shard.Read(file)) is string library)
                return Errors.AdapterOfOtherLibrary(file, library);
        }
        return Errors.AdapterConfigMissing(_path);
    }
}
