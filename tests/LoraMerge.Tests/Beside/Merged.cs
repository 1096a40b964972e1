using System.Text.Json.Nodes;

namespace LoraMerge.Tests.Beside;

/// <summary>A merge of a <see cref="Workbench"/> with what it said, and the files that it wrote.</summary>
internal sealed class Merged(Workbench bench, CommandLineRun run)
{
    public string Said => run.Output + run.Error;

    public static async Task<Merged> Of(Workbench bench, params string[] options)
    {
        CommandLineRun run = await bench.RunAsync(options);
        Assert.True(run.ExitCode == 0, run.Error);
        return new Merged(bench, run);
    }

    public bool Has(string name) => File.Exists(Path.Combine(bench.OutputPath, name));

    public string Text(string name) => File.ReadAllText(Path.Combine(bench.OutputPath, name));

    public JsonObject Json(string name) => JsonNode.Parse(Text(name))!.AsObject();

    /// <summary>The merged model is what the same merge gives again.</summary>
    public async Task AssertVerifiedAsync() =>
        Assert.True((await new Merger().VerifyAsync(bench.Request(), bench.OutputPath, CancellationToken.None)).IsEqual);
}
