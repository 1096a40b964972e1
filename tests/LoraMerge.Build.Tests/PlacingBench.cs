using System.Security.Cryptography;
using System.Text;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build.Tests;

/// <summary>Two models in a store and a place for them, in process; every operation on a file can fail, or be the moment at which a build is killed.</summary>
internal sealed class PlacingBench : IDisposable
{
    private const string Model = "models/chat";

    private static readonly string[] s_old = ["config.json", "lora-merge.json", "model.safetensors", "tokenizer.json", "vocab/old.txt"];
    private static readonly string[] s_new =
    [
        "config.json",
        "lora-merge.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
        "vocab/new.txt",
    ];

    private static readonly SortedDictionary<string, string> s_wholeOld = Contents("old", s_old), s_wholeNew = Contents("new", s_new);

    private readonly string _folder;
    private readonly string _output;

    /// <param name="outputParent">Another volume than that of the store; null for the same.</param>
    public PlacingBench(string? outputParent = null)
    {
        _folder = NewFolder();
        _output = Path.Combine(outputParent ?? _folder, "out");
        WriteModel("old", s_old);
        WriteModel("new", s_new);
        Directory.CreateDirectory(Output);
        Directory.CreateDirectory(Path.Combine(_folder, "obj"));
    }

    public string Output => _output;

    public string Folder => Path.Combine(Output, Model);

    public RecordedEngine Engine { get; private set; } = new();

    public bool MayLink { get; init; }

    /// <summary>What the place holds when one of the models is in it, and nothing else.</summary>
    public static SortedDictionary<string, string> Whole(string model) => model == "old" ? s_wholeOld : s_wholeNew;

    public SortedDictionary<string, string> OutputNow() => ContentsOf(Output);

    public string PathOf(string file) => Path.Combine(Folder, file);

    public string Stored(string model, string file) => Path.Combine(_folder, "store", model, file);

    /// <summary>Places a model as a build does.</summary>
    /// <param name="model">Which one; null for none, as when the items are removed.</param>
    /// <param name="beforeStep">Called with the number of each operation, from 1, and with its name.</param>
    /// <param name="hashOf">The hash that a file of the store must have; null where none is read.</param>
    /// <param name="record">Name of the file that the build remembers by.</param>
    public bool Place(string? model, Action<int, string>? beforeStep = null, Func<string, string>? hashOf = null, string record = "App.csproj.lora.placed")
    {
        var engine = new RecordedEngine();
        Engine = engine;
        int step = 0;
        using var task = new PlaceMergedFiles
        {
            BuildEngine = engine,
            Files = [.. (model is null ? [] : model == "old" ? s_old : s_new).Select(name => Item(model!, name, hashOf))],
            Root = Output + Path.DirectorySeparatorChar,
            RecordFile = Path.Combine(_folder, "obj", record),
            ProjectFile = Path.Combine(_folder, "App.csproj"),
            MayLink = MayLink,
            BeforeStep = (name, _) => beforeStep?.Invoke(++step, name),
        };
        return task.Execute();
    }

    /// <summary>Empties the place, and puts the old model there where it is to be replaced.</summary>
    public void Begin(bool isReplaced)
    {
        Directory.Delete(Output, recursive: true);
        Directory.CreateDirectory(Output);
        Assert.True(Place(isReplaced ? "old" : null));
    }

    public int CountSteps(string model, bool isReplaced)
    {
        Begin(isReplaced);
        int count = 0;
        Assert.True(Place(model, (step, _) => count = step));
        return count;
    }

    /// <summary>Makes a file of the store longer.</summary>
    public void Grow(string model, string file, int length) => File.WriteAllBytes(Stored(model, file), new byte[length]);

    /// <summary>Keeps what lies in the place and what a build remembers.</summary>
    public void SaveTo(string name)
    {
        foreach (string folder in (string[])["out", "obj"])
            Copy(Path.Combine(_folder, folder), Path.Combine(_folder, name, folder));
    }

    public void ReturnTo(string name)
    {
        foreach (string folder in (string[])["out", "obj"])
        {
            Directory.Delete(Path.Combine(_folder, folder), recursive: true);
            Copy(Path.Combine(_folder, name, folder), Path.Combine(_folder, folder));
        }
    }

    public void Dispose()
    {
        if (TestContext.Current.TestState?.Result != TestResult.Failed)
            Directory.Delete(_folder, recursive: true);
    }

    // In memory where there is such a folder: thousands of files are flushed to the disk.
    private static string NewFolder() => Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/lora ü {Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("lora ü ").FullName;

    // A manifest as the engine writes it, as far as its list of files goes. One weight file in more than one piece, so that a copy ends in the middle too.
    private static string Content(string model, string name) =>
        name switch
        {
            "lora-merge.json" =>
                $"{{\n \"name\": \"{model}\",\n \"files\": {{\n"
                + string.Join(",\n", (model == "old" ? s_old : s_new).Except([name]).Select(file => $"  \"{file}\": \"0\"")) + "\n }\n}\n",
            "model.safetensors" or "model-00002-of-00002.safetensors" => model + name.PadRight((1 << 20) + 1),
            _ => model + " " + name,
        };

    private TaskItem Item(string model, string name, Func<string, string>? hashOf)
    {
        var item = new TaskItem(Stored(model, name));
        item.SetMetadata("TargetPath", $"{Model}/{name}");
        item.SetMetadata(PlaceMergedFiles.FolderMetadata, Model);
        if (hashOf is not null)
            item.SetMetadata(PlaceMergedFiles.HashMetadata, hashOf(Stored(model, name)));
        return item;
    }

    private void WriteModel(string model, string[] names)
    {
        foreach (string name in names)
        {
            string path = Stored(model, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, Content(model, name));
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(model == "old" ? -2 : -1));
        }
    }

    private static SortedDictionary<string, string> Contents(string model, string[] names) =>
        new(names.ToDictionary(name => $"{Model}/{name}", name => Short(Encoding.UTF8.GetBytes(Content(model, name)))), StringComparer.Ordinal);

    private static SortedDictionary<string, string> ContentsOf(string folder) =>
        new(
            Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .ToDictionary(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), file => Short(File.ReadAllBytes(file))),
            StringComparer.Ordinal
        );

    private static string Short(byte[] content) => content.Length < 100 ? Encoding.UTF8.GetString(content) : Convert.ToHexString(SHA256.HashData(content));

    // With the times. The lock goes with its owner, but its file does not.
    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(source))
        {
            string copy = Path.Combine(target, Path.GetFileName(file));
            if (Path.GetExtension(file) == ".lock")
            {
                File.Create(copy).Dispose();
                continue;
            }
            using (FileStream from = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            using (FileStream to = File.Create(copy))
                from.CopyTo(to);
            File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(file));
        }
        foreach (string folder in Directory.GetDirectories(source))
            Copy(folder, Path.Combine(target, Path.GetFileName(folder)));
    }
}
