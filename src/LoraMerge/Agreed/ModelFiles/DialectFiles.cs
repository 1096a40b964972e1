namespace LoraMerge.Agreed.ModelFiles;

/// <summary>What a library calls the files of an adapter that decide a merge.</summary>
internal sealed class DialectFiles
{
    private DialectFiles(string config, params string[] weights)
    {
        Config = config;
        Weights = weights;
    }

    /// <summary>Hugging Face PEFT.</summary>
    public static DialectFiles Peft { get; } = new("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin");

    /// <summary>Apple's mlx_lm.</summary>
    public static DialectFiles Mlx { get; } = new("adapter_config.json", "adapters.safetensors");

    /// <summary>All libraries whose adapters are read.</summary>
    public static DialectFiles[] All { get; } = [Peft, Mlx];

    /// <summary>The configuration.</summary>
    public string Config { get; }

    /// <summary>The weights: the first of these that is there.</summary>
    public string[] Weights { get; }
}
