using LoraMerge.Build;
using Microsoft.Build.Utilities;

namespace LoraMerge.Faults.Scenes;

/// <summary>The build's task that puts a merged model into the output.</summary>
internal sealed class PlacingScene : Scene
{
    private const string Model = "models/chat";

    private readonly bool _isOver;
    private readonly bool _mayLink;
    private readonly string? _placed;
    private readonly bool _hasForeign;

    private PlacingScene(string name, bool isOver, bool mayLink, string? placed = "second", bool hasForeign = false)
    {
        Name = name;
        _isOver = isOver;
        _mayLink = mayLink;
        _placed = placed;
        _hasForeign = hasForeign;
    }

    public static IReadOnlyList<Func<Scene>> All { get; } =
    [
        () => new PlacingScene("place", isOver: false, mayLink: false),
        () => new PlacingScene("place-link", isOver: false, mayLink: true),
        () => new PlacingScene("place-over", isOver: true, mayLink: false),
        () => new PlacingScene("place-over-link", isOver: true, mayLink: true),
        () => new PlacingScene("place-over-foreign", isOver: true, mayLink: true, hasForeign: true),
        () => new PlacingScene("place-none", isOver: true, mayLink: true, placed: null),
    ];

    public override string Name { get; }

    public override string WrittenFolder => "bin";

    /// <summary>Beside the model, and inside.</summary>
    protected override IReadOnlyList<string> Foreign =>
    [
        "bin/notes.txt", "bin/models/chat.partial", "bin/models/.lora-mine/config.json", "obj/notes.txt",
        .. _hasForeign ? (string[])[$"bin/{Model}/mine.txt", $"bin/{Model}/config.json.partial", $"bin/{Model}/.lora-mine.old"] : [],
    ];

    /// <summary>
    /// With somebody else's files in it the folder cannot be exchanged as a whole: then a kill may leave no model, but none that could be taken for
    /// whole.
    /// </summary>
    public override bool MayBeNone(ModelPlace place, FolderState now) => _hasForeign && now[$"bin/{Model}/lora-merge.json"] is null;

    public override IEnumerable<ModelPlace> PlacesIn(FolderState state) => [new ModelPlace($"bin/{Model}", $"bin/{Model}/lora-merge.json")];

    public override Outcome RunIn(string root) => Place(_placed, root);

    /// <summary>The next build takes it over.</summary>
    public override bool MayStay(string path) => path == "bin/models/.lora-chat.lock";

    /// <summary>It holds what was placed when.</summary>
    public override bool IsVolatile(string path) => path == "obj/app.placed";

    protected override void Build()
    {
        TinyInputs.WriteTo(Root);
        foreach (string adapter in (string[])["first", "second"])
        {
            InProcess.Run(["merge", "--base", Path.Combine(Root, "base"), "--adapter", Path.Combine(Root, adapter), "--output",
                Path.Combine(Root, "store", adapter), "--device", "cpu"]);
            string store = Path.Combine(Root, "store", adapter);
            string[] files = [.. Directory.EnumerateFiles(store, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
            foreach (string file in files)
                File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(adapter == "first" ? -2 : -1));
            File.WriteAllLines(ListOf(adapter, Root), files.Select(file => Path.GetRelativePath(store, file)));
        }
        Directory.CreateDirectory(Path.Combine(Root, "bin"));
        Directory.CreateDirectory(Path.Combine(Root, "obj"));
        if (_isOver)
            Place("first", Root);
    }

    protected override string[] Command(string root) => [.. InProcess.Victim, Name, root];

    private Outcome Place(string? adapter, string root) => TaskEngine.Run(engine =>
    {
        using var task = new PlaceMergedFiles
        {
            BuildEngine = engine,
            Files = adapter is null ? [] : [.. File.ReadLines(ListOf(adapter, root)).Select(name => Item(Path.Combine(root, "store", adapter, name), name))],
            Root = Path.Combine(root, "bin") + "/",
            RecordFile = Path.Combine(root, "obj", "app.placed"),
            ProjectFile = Path.Combine(root, "App.csproj"),
            MayLink = _mayLink,
        };
        return task.Execute();
    });

    /// <summary>What a build knows from the store's entry. It lies beside the root: reading it is not part of the run.</summary>
    private static string ListOf(string adapter, string root) => $"{root}.{adapter}";

    private static TaskItem Item(string file, string name)
    {
        var item = new TaskItem(file);
        item.SetMetadata("TargetPath", $"{Model}/{name}");
        item.SetMetadata("_LoraFolder", Model);
        return item;
    }
}
