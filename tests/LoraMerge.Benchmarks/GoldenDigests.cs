using System.CommandLine;
using System.Globalization;
using System.IO.Hashing;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Requests;
using LoraMerge.Tests.Golden;
using LoraMerge.Writing;

namespace LoraMerge.Benchmarks;

/// <summary>
/// <c>digests</c>: what every golden case gives, a line for each file, fault, warning and inspection: two commits that print the same do the same.
/// </summary>
internal static class GoldenDigests
{
    public static Command CreateCommand()
    {
        var command = new Command("digests", "Prints hashes of all that the golden cases give, to be compared with those of another commit.");
        command.SetAction(async (_, cancellation) => await RunAsync(cancellation));
        return command;
    }

    private static async Task RunAsync(CancellationToken cancellation)
    {
        foreach (GoldenCase golden in GoldenCase.All)
        {
            string folder = Directory.CreateTempSubdirectory("lora-merge-digests-").FullName;
            try
            {
                foreach (string line in await LinesOf(golden, Path.Combine(folder, "merged"), cancellation))
                    Console.WriteLine($"{golden.Name} {line.Replace(golden.Folder, "", StringComparison.Ordinal)}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task<List<string>> LinesOf(GoldenCase golden, string output, CancellationToken cancellation)
    {
        var lines = new List<string>();
        try
        {
            MergeResult result = await new Merger(happened => AddWarning(happened, lines)).MergeAsync(golden.Request(), output, cancellation);
            foreach (
                string file in Directory
                    .EnumerateFiles(output, "*", SearchOption.AllDirectories)
                    .Where(file => Path.GetFileName(file) != MergeManifest.FileName)
                    .Order(StringComparer.Ordinal)
            )
                lines.Add($"file {Path.GetRelativePath(output, file)} {Hash(File.ReadAllBytes(file))}");
            foreach ((string name, ManifestTensor tensor) in result.Manifest.Tensors)
                lines.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"tensor {name} {tensor.ChangedShare} "
                            + $"{string.Join("; ", tensor.Deltas.Select(delta => $"{delta.Adapter} {delta.Method} {delta.Scaling} {delta.Norm}"))}"
                    )
                );
        }
        catch (LoraMergeException e)
        {
            lines.Add(Text(e));
        }
        foreach (AdapterRequest adapter in golden.Request().Adapters.Where(adapter => Path.Exists(adapter.Path)))
            lines.AddRange(Inspect(adapter.Path));
        return lines;
    }

    private static void AddWarning(MergeEvent happened, List<string> lines)
    {
        if (happened is MergeEvent.Warning warning)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"warning {(int)warning.Code} {warning.Text}"));
    }

    private static string[] Inspect(string path)
    {
        try
        {
            return
            [
                .. Merger
                    .Inspect(path)
                    .Facts.Select(fact => $"inspect {fact.Name}: {(fact.Value is IEnumerable<string> texts ? string.Join(", ", texts) : fact.Value)}"),
            ];
        }
        catch (LoraMergeException e)
        {
            return ["inspect " + Text(e)];
        }
    }

    private static string Text(LoraMergeException fault) =>
        string.Create(CultureInfo.InvariantCulture, $"fault {(int)fault.Code} {fault.Message.ReplaceLineEndings(" ")}");

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));
}
