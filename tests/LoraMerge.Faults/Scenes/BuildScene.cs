namespace LoraMerge.Faults.Scenes;

/// <summary>A build but for MSBuild: see <see cref="TaskBuild"/>.</summary>
internal sealed class BuildScene : Scene
{
    private const string MarkExtension = ".entry";
    private const string Placed = "bin/models/base";

    private readonly Before _before;
    private readonly bool _isShared;

    private BuildScene(string name, Before before, bool isShared = false)
    {
        Name = name;
        _before = before;
        _isShared = isShared;
    }

    private enum Before
    {
        Nothing,

        /// <summary>The model of the first adapter is built.</summary>
        EarlierModel,

        /// <summary>The model is built, and nothing has changed.</summary>
        SameModel,

        /// <summary>The same, but the store comes from a backup that has lost all times.</summary>
        RestoredStore,
    }

    public static IReadOnlyList<Func<Scene>> All { get; } =
    [
        () => new BuildScene("build", Before.Nothing),
        () => new BuildScene("build-over", Before.EarlierModel),
        () => new BuildScene("build-same", Before.SameModel),
        () => new BuildScene("build-restored", Before.RestoredStore),
        () => new BuildScene("build-restored-shared", Before.RestoredStore, isShared: true),
    ];

    public override string Name { get; }

    public override int Stride => _before is Before.Nothing or Before.EarlierModel ? 7 : 1;

    public override string WrittenFolder => "bin";

    protected override IReadOnlyList<string> Foreign => ["bin/models/base/mine.txt", "bin/notes.txt", "obj/notes.txt", "obj/lora/notes.txt"];

    public override IEnumerable<ModelPlace> PlacesIn(FolderState state) =>
    [
        new ModelPlace(Placed, Placed + "/lora-merge.json"),
        .. state.Paths.Where(path => path.EndsWith(MarkExtension, StringComparison.Ordinal))
            .Select(mark => new ModelPlace(mark[..^MarkExtension.Length], mark)),
    ];

    public override Outcome RunIn(string root) =>
        new TaskBuild(Path.Combine(root, "base"), Path.Combine(root, "adapter"), root, Path.Combine(root, "obj", "lora"), _isShared).Run();

    /// <summary>The store keeps a model that could not be placed; that is nobody's concern.</summary>
    public override bool IsSpokenOf(ModelPlace place) => place.Folder == Placed;

    /// <summary>They hold times.</summary>
    public override bool IsVolatile(string path) => Path.GetExtension(path) is MarkExtension or ".state" or ".use" or ".placed";

    /// <summary>A state file without a key only remembers hashes.</summary>
    public override bool MayStay(string path) =>
        path is "obj/lora" or "obj/lora/.lora-merge.lock" or "obj/lora/users" || Path.GetExtension(path) is ".state" or ".rsp" or ".placed";

    /// <summary>What could not be taken out of the store waits for the next merge: a build that has nothing to do takes nothing away.</summary>
    public override bool MayOutlive(string path) => path.StartsWith("obj/lora/base-", StringComparison.Ordinal);

    protected override void Build()
    {
        TinyInputs.WriteTo(Root);
        Directory.CreateDirectory(Path.Combine(Root, "bin"));
        Directory.CreateDirectory(Path.Combine(Root, "obj"));
        if (_before == Before.Nothing)
        {
            TakeAdapter("second");
            return;
        }
        TakeAdapter(_before == Before.EarlierModel ? "first" : "second");
        if (!Run().IsGood)
            throw new InvalidOperationException($"{Name}: the build before failed.");
        if (_before == Before.EarlierModel)
            TakeAdapter("second");
        if (_before == Before.RestoredStore)
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Root, "obj/lora"), "*", SearchOption.AllDirectories))
                File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-3));
        }
    }

    protected override string[] Command(string root) => [.. InProcess.Victim, Name, root];

    private void TakeAdapter(string name)
    {
        string adapter = Path.Combine(Root, "adapter");
        if (Directory.Exists(adapter))
            Directory.Delete(adapter, recursive: true);
        Execute("cp", "-a", Path.Combine(Root, name), adapter);
    }
}
