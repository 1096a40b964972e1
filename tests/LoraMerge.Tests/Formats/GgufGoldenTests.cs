using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Tests.Golden;
using LoraMerge.Manifests;
using GoldenCase = LoraMerge.Gguf.Tests.Golden.GoldenCase;

namespace LoraMerge.Tests.Formats;

/// <summary>From base and adapter to a GGUF file by the command line, held to what llama.cpp made of the exact merge.</summary>
public sealed class GgufGoldenTests
{
    public static TheoryData<string, string> Models => [.. Cases("gguf", "gguf-or-error")];

    public static TheoryData<string, string> Faults => [.. Cases("error")];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_merge_becomes_the_file_that_llama_cpp_makes_of_it(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        string[] further = [.. golden.Case.GetProperty("arguments").EnumerateArray().Select(word => word.GetString()!)];

        foreach (string type in golden.Types)
        {
            string output = Path.Combine(golden.OutputFolder, type);
            CommandLineRun run = await MergeAsync(golden, type, output, further);

            Assert.True(run.ExitCode == 0, run.Error);
            string[] files = [.. Directory.GetFiles(output, "*.gguf").Order(StringComparer.Ordinal)];
            Assert.Equal(further.Length > 0, files.Length > 1);
            Assert.Equal(files.Append(Path.Combine(output, MergeManifest.FileName)).ToHashSet(), Directory.GetFiles(output).ToHashSet());
            using GgufModel model = GgufModel.Open(files[0]);
            new ExpectedFile(golden.Expected, merge, type).Check(model);
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_model_that_cannot_be_said_leaves_a_code_and_no_file(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        string output = Path.Combine(golden.OutputFolder, "model");

        CommandLineRun run = await MergeAsync(golden, golden.Types.Single(), output, []);

        Assert.Equal(1, run.ExitCode);
        Assert.Matches("error LORA(20[67]|504|1101)", run.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(golden.OutputFolder));
    }

    private static Task<CommandLineRun> MergeAsync(GoldenCase golden, string type, string output, string[] further) => CommandLineRun.Of(
    [
        "merge", "--base", golden.BaseFolder, "--adapter", golden.AdapterFolder, "--format", "gguf", "--quantization", type,
        "--output", output, "--device", "cpu", .. further,
    ]);

    private static IEnumerable<TheoryDataRow<string, string>> Cases(params string[] expectations) => GoldenCase.All
        .Where(golden => expectations.Contains(GoldenCase.ExpectationOf(golden.Archive, golden.Name)))
        .Select(golden => new TheoryDataRow<string, string>(golden.Archive, golden.Name));
}
