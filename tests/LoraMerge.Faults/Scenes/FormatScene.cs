namespace LoraMerge.Faults.Scenes;

/// <summary>What else the command line writes over something earlier: files of other formats, plain models, pages.</summary>
internal sealed class FormatScene : Scene
{
    private const string Output = "models/out", Page = "models/page.html";

    private readonly string _place;
    private readonly string[] _earlier;
    private readonly string _command;

    /// <param name="name">As it is written on the command line.</param>
    /// <param name="place">Relative path of the folder, or of the file, that is written.</param>
    /// <param name="earlier">What ran before; '/' begins a path in the root.</param>
    /// <param name="command">What runs.</param>
    private FormatScene(string name, string place, string[] earlier, string command)
    {
        Name = name;
        _place = place;
        _earlier = earlier;
        _command = command;
    }

    public static IReadOnlyList<Func<Scene>> All { get; } =
    [
        () => new FormatScene("gguf-over", Output,
            ["merge --base /base --adapter /first --output /models/out --name chat --format gguf --quantization Q8_0 --modelfile true"],
            "merge --base /base --adapter /second --output /models/out --name chat --format gguf --quantization Q8_0 --modelfile true"),
        () => new FormatScene("gguf-split-over", Output,
            ["merge --base /base --adapter /first --output /models/out --name chat --format gguf"],
            "merge --base /base --adapter /second --output /models/out --name chat --format gguf --max-shard-size 20KB"),
        () => new FormatScene("gguf-adapter-over", Output,
            ["merge --base /base --adapter /first --output /models/out --name chat"],
            "merge --base /base --adapter /second --output /models/out --name chat --format gguf-adapter"),
        () => new FormatScene("requantize-over", Output,
            ["merge --base /quantised --adapter /first --output /models/out --requantize keep"],
            "merge --base /quantised --adapter /second --output /models/out --requantize keep"),
        () => new FormatScene("dequantize-over", Output,
            ["dequantize --base /quantised --output /models/out"],
            "dequantize --base /quantised --output /models/out --dtype float16"),
        () => new FormatScene("report-over", Page,
            [
                "merge --base /base --adapter /first --output /merged/first",
                "merge --base /base --adapter /second --output /merged/second",
                "report /merged/first --output /models/page.html",
            ],
            "report /merged/second --output /models/page.html"),
    ];

    public override string Name { get; }

    public override string WrittenFolder => "models";

    protected override IReadOnlyList<string> Foreign => ["notes.txt", "models/notes.txt", "models/out.txt", "models/page.html.txt"];

    public override Outcome RunIn(string root) => InProcess.Run(Words(root, _command));

    protected override void Build()
    {
        TinyTalker.WriteTo(Root);
        Directory.CreateDirectory(Path.Combine(Root, WrittenFolder));
        foreach (string command in _earlier)
        {
            Outcome outcome = InProcess.Run(Words(Root, command));
            if (!outcome.IsGood)
                throw new InvalidOperationException($"{Name}: '{command}' ended with {outcome.ExitCode}: {outcome.Text}");
        }
    }

    public override IEnumerable<ModelPlace> PlacesIn(FolderState state) => [_place == Page ? new ModelPlace(Page, Page) : new ModelPlace(_place)];

    public override bool IsSpokenOf(ModelPlace place) => place.Folder != Page;

    protected override string[] Command(string root) => [.. InProcess.LoraMerge, .. Words(root, _command)];

    private static string[] Words(string root, string command) =>
        [.. command.Split(' ').Select(word => word.StartsWith('/') ? root + word : word)];
}
