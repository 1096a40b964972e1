namespace LoraMerge.Faults.Scenes;

/// <summary>A merge into a folder that the user named.</summary>
internal sealed class OutputScene : Scene
{
    private readonly Before _before;

    private OutputScene(string name, Before before)
    {
        Name = name;
        _before = before;
    }

    private enum Before
    {
        Nothing,

        /// <summary>Not even the folders above.</summary>
        NoParent,

        EmptyFolder,

        /// <summary>Of the first adapter; now the second is merged.</summary>
        EarlierModel,

        /// <summary>The same, and weight files are named instead of folders.</summary>
        EarlierModelOfFiles,
    }

    public static IReadOnlyList<Func<Scene>> All { get; } =
    [
        () => new OutputScene("output", Before.Nothing),
        () => new OutputScene("output-parent", Before.NoParent),
        () => new OutputScene("output-empty", Before.EmptyFolder),
        () => new OutputScene("output-over", Before.EarlierModel),
        () => new OutputScene("output-files", Before.EarlierModelOfFiles),
    ];

    public override string Name { get; }

    public override string WrittenFolder => "models";

    protected override IReadOnlyList<string> Foreign =>
        ["notes.txt", "models/notes.txt", "models/out.txt", "models/out.partial", "models/out.lora-mine/mine.txt", "models/.out.lora-mine"];

    private string Output => _before == Before.NoParent ? "models/new/deep/out" : "models/out";

    public override Outcome RunIn(string root) => InProcess.Run(MergeOf("second", root));

    protected override void Build()
    {
        TinyInputs.WriteTo(Root);
        if (_before == Before.EmptyFolder)
            Directory.CreateDirectory(Path.Combine(Root, Output));
        if (_before is Before.EarlierModel or Before.EarlierModelOfFiles)
            InProcess.Run(MergeOf("first", Root));
    }

    public override IEnumerable<ModelPlace> PlacesIn(FolderState state) => [new ModelPlace(Output)];

    protected override string[] Command(string root) => [.. InProcess.LoraMerge, .. MergeOf("second", root)];

    private string[] MergeOf(string adapter, string root)
    {
        bool isOfFiles = _before == Before.EarlierModelOfFiles;
        string baseModel = Path.Combine(root, isOfFiles ? TinyInputs.SingleFile : "base");
        string adapterPath = Path.Combine(root, adapter, isOfFiles ? "adapter_model.safetensors" : "");
        return ["merge", "--base", baseModel, "--adapter", adapterPath, "--output", Path.Combine(root, Output), "--device", "cpu"];
    }
}
