namespace LoraMerge.Agreed.ModelFiles;

/// <summary>
/// Which files of a base's folder may hold its weights, told by their names alone. As transformers chooses: safetensors before pickles, and one file before an
/// index. A folder that has neither may hold a GGUF model.
/// </summary>
/// <param name="Form">How the weights lie there.</param>
/// <param name="Entry">The one weight file, or the index; null where there is none, or several that could be it.</param>
/// <param name="Names">
/// All files that may be read: the entry, with an index whatever it may name, and all parts of a GGUF model. The competing ones where several could be the
/// entry.
/// </param>
internal sealed record WeightFiles(WeightForm Form, string? Entry, IReadOnlyList<string> Names)
{
    private static readonly string[] s_weights = ["*.safetensors", "*.bin", "*.pt", "*.pth", "*.ckpt"];

    private static readonly string[] s_pickles = ["*.bin", "*.pt", "*.pth", "*.ckpt"];

    /// <summary>Weights that are not the base's: of adapters, of makers' own programs, of training.</summary>
    private static readonly string[] s_others = [".*", "adapter*", "consolidated*", "optimizer*"];

    /// <summary>
    /// What an index may not call its files: an index calls them what it likes, but other formats and what training leaves are large, and all that is named
    /// here would have to be hashed.
    /// </summary>
    private static readonly string[] s_neverRead =
    [
        .. s_others, "*.index.json", "lora-merge.json", "scheduler*", "rng_state*", "training_args*",
        "*.gguf", "*.ggml", "*.onnx*", "*.msgpack", "*.h5", "*.ot", "*.npz", "*.tflite", "*.mlmodel*",
    ];

    /// <summary>Whether a file of this name is one of weights, of whatever model.</summary>
    public static bool AreIn(string name) => NamePattern.MatchesAny(s_weights, name);

    /// <param name="names">The files of a folder.</param>
    public static WeightFiles Among(IEnumerable<string> names)
    {
        List<string> all = [.. names.OrderBy(name => name, StringComparer.Ordinal)];
        if (FileNames.Find(all, "model.safetensors") is string single)
            return One(single);
        List<string> indexes = [.. Matching("*.safetensors.index.json").Where(name => !NamePattern.MatchesAny([".*", "adapter*"], name))];
        if (indexes.Count > 0)
        {
            return (FileNames.Find(indexes, "model.safetensors.index.json") ?? (indexes.Count == 1 ? indexes[0] : null)) is string index
                ? Indexed(index, [.. s_neverRead, .. s_pickles])
                : new WeightFiles(WeightForm.Ambiguous, null, indexes);
        }
        List<string> safetensors = [.. Matching("*.safetensors").Where(name => !NamePattern.MatchesAny(s_others, name))];
        if (safetensors.Count > 0)
            return safetensors.Count == 1 ? One(safetensors[0]) : new WeightFiles(WeightForm.Ambiguous, null, safetensors);
        if (FileNames.Find(all, "pytorch_model.bin") is string pickle)
            return One(pickle);
        return FileNames.Find(all, "pytorch_model.bin.index.json") is string pickleIndex ? Indexed(pickleIndex, s_neverRead) : GgufAmong(all);

        IEnumerable<string> Matching(string pattern) => all.Where(name => NamePattern.Matches(pattern, name));

        WeightFiles Indexed(string index, string[] neverRead) =>
            new(WeightForm.Index, index, [index, .. all.Where(name => !NamePattern.MatchesAny(neverRead, name) && !ModelParts.IsOfBase(name))]);
    }

    /// <summary>Weights in one file.</summary>
    public static WeightFiles One(string name) => new(WeightForm.File, name, [name]);

    /// <summary>A GGUF model.</summary>
    /// <param name="name">Its file, or one of its parts.</param>
    /// <param name="names">The files of the folder.</param>
    public static WeightFiles Gguf(string name, IEnumerable<string> names) => new(WeightForm.Gguf, name, GgufNames.PartsWith(name, names));

    private static WeightFiles GgufAmong(IReadOnlyCollection<string> names) => GgufNames.ModelsAmong(names) switch
    {
        { Count: 0 } => new WeightFiles(WeightForm.None, null, []),
        { Count: 1 } models => Gguf(models[0], names),
        var models => new WeightFiles(WeightForm.Ambiguous, null, models),
    };
}

/// <summary>How the weights of a base lie in its folder.</summary>
internal enum WeightForm
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>In one file.</summary>
    File,

    /// <summary>In the files that an index names.</summary>
    Index,

    /// <summary>In a GGUF file, or the parts of one, which says all else of the model, too.</summary>
    Gguf,

    /// <summary>Several files could be the base's, and none is called as transformers calls them.</summary>
    Ambiguous,
}
