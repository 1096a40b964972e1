namespace LoraMerge.Faults.Scenes;

/// <summary>A merge into the store of a build, as the build's worker does it.</summary>
internal sealed class StoreScene : Scene
{
    private const string MarkExtension = ".entry";

    private readonly Store _store;

    private StoreScene(string name, Store store)
    {
        Name = name;
        _store = store;
    }

    private enum Store
    {
        /// <summary>That of a project, without any model.</summary>
        Empty,

        /// <summary>That of a project; the earlier model is used no longer after this merge.</summary>
        Own,

        /// <summary>The same, but another configuration uses the earlier model.</summary>
        OtherUser,

        /// <summary>A cache folder with an earlier model.</summary>
        Shared,

        /// <summary>The same with a limit, for which the earlier model has to make room.</summary>
        Limited,

        /// <summary>A cache folder that has this very model.</summary>
        Hit,
    }

    public static IReadOnlyList<Func<Scene>> All { get; } =
    [
        () => new StoreScene("store", Store.Empty),
        () => new StoreScene("store-over", Store.Own),
        () => new StoreScene("store-user", Store.OtherUser),
        () => new StoreScene("store-shared", Store.Shared),
        () => new StoreScene("store-limit", Store.Limited),
        () => new StoreScene("store-hit", Store.Hit),
    ];

    public override string Name { get; }

    public override string WrittenFolder => "store";

    protected override IReadOnlyList<string> Foreign =>
        ["store/notes.txt", "store/mine.partial/mine.txt", "store/mine.partial.txt", "store/mine.0.partial", "obj/notes.txt"];

    public override Outcome RunIn(string root) => InProcess.Run(MergeOf("second", "app", root));

    protected override void Build()
    {
        TinyInputs.WriteTo(Root);
        if (_store is Store.Empty or Store.Own or Store.OtherUser)
            Directory.CreateDirectory(Path.Combine(Root, "store/users"));
        if (_store == Store.OtherUser)
            InProcess.Run(MergeOf("first", "other", Root));
        if (_store is not (Store.Empty or Store.Hit))
            InProcess.Run(MergeOf("first", "app", Root));
        if (_store == Store.Hit)
            InProcess.Run(MergeOf("second", "other", Root));
    }

    public override IEnumerable<ModelPlace> PlacesIn(FolderState state) =>
        state.Paths.Where(path => path.EndsWith(MarkExtension, StringComparison.Ordinal)).Select(mark => new ModelPlace(mark[..^MarkExtension.Length], mark));

    /// <summary>They hold times.</summary>
    public override bool IsVolatile(string path) => Path.GetExtension(path) is ".entry" or ".state" or ".use";

    /// <summary>A state file without a key only remembers hashes.</summary>
    public override bool MayStay(string path) => path == "store/.lora-merge.lock" || path == "store" || Path.GetExtension(path) == ".state";

    protected override string[] Command(string root) => [.. InProcess.LoraMerge, .. MergeOf("second", "app", root)];

    private string[] MergeOf(string adapter, string user, string root) =>
    [
        "merge", "--base", Path.Combine(root, "base"), "--adapter", Path.Combine(root, adapter), "--device", "cpu",
        "--store", Path.Combine(root, "store"), "--state", Path.Combine(root, "obj", user + ".state"), .. _store == Store.Limited
            ? (string[])["--store-max-size", "7KB"] : [],
    ];
}
