using LoraMerge.Dialects;

namespace LoraMerge.Incremental;

/// <summary>Which files of a base or of an adapter decide the merged model. Looks at names and stamps only.</summary>
internal static class InputFiles
{
    /// <summary>A model folder is shallow; whoever gets this deep follows a cycle of links.</summary>
    private const int DeepestFolder = 16;

    /// <summary>Weights of other formats, traces of training and earlier merges: they are not part of the model that is merged.</summary>
    private static readonly string[] s_ignoredInBase =
    [
        ".*",
        "*.bin", "*.pt", "*.pth", "*.gguf", "*.ggml", "*.onnx*", "*.msgpack", "*.h5", "*.ot", "*.npz", "*.tflite", "*.mlmodel*",
        "*.bin.index.json", "consolidated*", "adapter_config.json", "adapter_model.*", "optimizer*", "lora-merge.json",
    ];

    private static readonly string[] s_ignoredFolders = [".*", "original", "onnx", "openvino", "coreml", "flax"];

    /// <summary>Weights count only beside the config: those in a subfolder belong to another model or to another variant.</summary>
    private static readonly string[] s_topFolderOnly = ["*.safetensors", "*.safetensors.index.json"];

    /// <summary>PyTorch's pickles are the weights only where there are no safetensors; training leaves many others behind, under other names.</summary>
    private static readonly string[] s_pickledWeights = ["pytorch_model.bin", "pytorch_model-*.bin", "pytorch_model.bin.index.json"];

    private static readonly string[] s_besideAdapter =
    [
        "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "spiece.model", "sentencepiece*", "chat_template.*",
    ];

    /// <exception cref="IOException">The path is missing or cannot be read.</exception>
    public static InputRoot OfBase(string path)
    {
        var files = new List<InputFile>();
        if (File.Exists(path))
            files.Add(Describe(Path.GetFileName(path), path));
        else
        {
            AddBaseFiles(files, path, prefix: "", depth: 0);
            if (!files.Exists(file => IsSafetensors(file.RelativePath)))
                files.AddRange(Directory.GetFiles(path).Where(file => NamePattern.MatchesAny(s_pickledWeights, Path.GetFileName(file))).Select(file => Describe(Path.GetFileName(file), file)));
        }
        return Root("base", path, files);
    }

    /// <param name="path">A folder or a weight file.</param>
    /// <param name="number">1 for the adapter that is applied first.</param>
    /// <exception cref="IOException">The path is missing or cannot be read.</exception>
    public static InputRoot OfAdapter(string path, int number)
    {
        var files = new List<InputFile>();
        if (File.Exists(path))
        {
            files.Add(Describe(Path.GetFileName(path), path));
            foreach (string name in DialectFiles.All.Select(dialect => dialect.Config).Distinct())
                AddIfThere(files, Path.GetDirectoryName(path)!, name);
        }
        else
        {
            AddAdapterFiles(files, path);
        }
        return Root("adapter" + number.ToString(System.Globalization.CultureInfo.InvariantCulture), path, files);
    }

    private static void AddBaseFiles(List<InputFile> files, string folder, string prefix, int depth)
    {
        if (depth > DeepestFolder)
            throw new IOException($"'{folder}' lies more than {DeepestFolder} folders deep in the model: is there a cycle of links?");
        foreach (string file in Directory.GetFiles(folder))
        {
            string name = Path.GetFileName(file);
            bool isIgnored = NamePattern.MatchesAny(s_ignoredInBase, name) || (depth > 0 && NamePattern.MatchesAny(s_topFolderOnly, name));
            if (!isIgnored)
                files.Add(Describe(prefix + name, file));
        }
        foreach (string subfolder in Directory.GetDirectories(folder))
        {
            string name = Path.GetFileName(subfolder);
            if (!NamePattern.MatchesAny(s_ignoredFolders, name))
                AddBaseFiles(files, subfolder, prefix + name + "/", depth + 1);
        }
    }

    /// <summary>An adapter that lies in the folder of its base is not the base's weights.</summary>
    private static bool IsSafetensors(string name) =>
        NamePattern.MatchesAny(s_topFolderOnly, name) && !NamePattern.Matches("adapter*", name);

    private static void AddAdapterFiles(List<InputFile> files, string folder)
    {
        foreach (string file in Directory.GetFiles(folder))
        {
            string name = Path.GetFileName(file);
            if (NamePattern.MatchesAny(s_besideAdapter, name))
                files.Add(Describe(name, file));
        }
        foreach (string name in DialectFiles.All.Select(dialect => dialect.Config).Distinct())
            AddIfThere(files, folder, name);
        foreach (DialectFiles dialect in DialectFiles.All)
        {
            if (dialect.Weights.FirstOrDefault(name => File.Exists(Path.Combine(folder, name))) is string weights)
                AddIfThere(files, folder, weights);
        }
    }

    private static void AddIfThere(List<InputFile> files, string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (File.Exists(path))
            files.Add(Describe(name, path));
    }

    private static InputFile Describe(string relativePath, string path)
    {
        if (relativePath.IndexOfAny(['\n', '\r']) >= 0)
            throw new IOException($"The name of the file '{path}' holds a line break. Rename it.");
        return new InputFile(relativePath, path, FileStamp.Of(path));
    }

    private static InputRoot Root(string label, string path, List<InputFile> files)
    {
        files.Sort((left, right) => string.CompareOrdinal(left.RelativePath, right.RelativePath));
        return new InputRoot(label, path, files);
    }
}
