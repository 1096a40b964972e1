using System.Globalization;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Writing;

namespace LoraMerge.Tests;

/// <summary>A sound base and a sound adapter, for a test to spoil; a merge of them is refused without a trace, or passes.</summary>
internal sealed partial class Workbench : IDisposable
{
    private readonly TestFolder _folder = new();

    public Workbench()
        : this(TinyCheckpoint.Llama(), TinyAdapter.ForLlama())
    {
    }

    public Workbench(TinyCheckpoint checkpoint, TinyAdapter adapter)
    {
        Base = checkpoint.WriteTo(_folder["base"]);
        Adapter = adapter.WriteTo(_folder["adapter"]);
    }

    public string Folder => _folder.Path;

    public string Base { get; set; }

    public string Adapter { get; set; }

    public string Output { get; set; } = "merged";

    public string OutputPath => Path.GetFullPath(Output, _folder.Path);

    public string InBase(string name) => Path.Combine(Base, name);

    public string InAdapter(string name) => Path.Combine(Adapter, name);

    public MergeRequest Request() => new(Base, [new AdapterRequest(Adapter)]) { Device = "cpu" };

    /// <summary>Merges through the engine.</summary>
    public Task<MergeResult> MergeAsync(MergeRequest? request = null) => new Merger().MergeAsync(request ?? Request(), OutputPath, CancellationToken.None);

    /// <summary>Merges by the command line.</summary>
    public Task<CommandLineRun> RunAsync(params string[] more) =>
        CommandLineRun.Of([
            "merge",
            "--base",
            Base,
            "--adapter",
            Adapter,
            "--output",
            OutputPath,
            .. more.Contains("--device") ? more : [.. more, "--device", "cpu"],
        ]);

    /// <summary>
    /// The merge ends with exit code 1 and one line in the form that MSBuild reads, of that code, which holds all of <paramref name="mentions"/>;
    /// and every file is as it was, an earlier result among them.
    /// </summary>
    public async Task AssertRefusedAsync(DiagnosticCode code, params string[] mentions) => await AssertRefusedAsync(code, [], mentions);

    public async Task AssertRefusedAsync(DiagnosticCode code, string[] options, string[] mentions)
    {
        SortedDictionary<string, string> before = FolderContents.Of(_folder.Path);

        CommandLineRun run = await RunAsync(options);

        string[] errors =
        [
            .. run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(text => !text.Contains(": warning LORA", StringComparison.Ordinal)),
        ];
        string line = Assert.Single(errors);
        Match match = Canonical.Match(line);
        Assert.True(match.Success, line);
        Assert.Equal(((int)code).ToString(CultureInfo.InvariantCulture), match.Groups["code"].Value);
        foreach (string mention in mentions)
            Assert.Contains(mention, line, StringComparison.Ordinal);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal(before, FolderContents.Of(_folder.Path));
    }

    public void Passed() => _folder.Passed();

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(@"^(?<file>/[^:]*|[A-Za-z]:[^:]*|lora-merge): error LORA(?<code>[0-9]{4}): (?<text>\S.*\.)$")]
    private static partial Regex Canonical { get; }
}
