using System.Globalization;
using LoraMerge.Faults.Scenes;

namespace LoraMerge.Faults.Trials;

/// <summary>
/// Two builds with one cache folder, and somebody who empties it, all at once. Each build has to end with its model in its output, or to say that it
/// was taken away again and again.
/// </summary>
/// <param name="scene">Its inputs are built from.</param>
/// <param name="rounds">How often.</param>
/// <param name="seed">Of what is built.</param>
internal sealed class CacheRace(Scene scene, int rounds, int seed) : ITrial
{
    private static readonly string[] s_projects = ["one", "two"], s_adapters = ["first", "second"];

    private string Cache => Path.Combine(scene.Root, "cache");

    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        var random = new Random(seed);
        scene.Reset();
        Dictionary<string, FolderState> expected = s_adapters.ToDictionary(adapter => adapter, adapter => BuildAlone(adapter));
        for (int round = 1; round <= rounds; round++)
        {
            string[] adapters = [.. s_projects.Select(_ => s_adapters[random.Next(s_adapters.Length)])];
            string point = string.Create(CultureInfo.InvariantCulture, $"round {round} of seed {seed}");
            report(PointResult.Begun(point));
            (Outcome[] built, Outcome[] evicted) = RunRound(adapters, random.Next(4));
            report(new PointResult(point, $"{string.Join(" and ", adapters)}, emptied {evicted.Length} times, given up {built.Count(IsEvicted)} times",
                [.. Judge(built, evicted, adapters, expected)]));
        }
    }

    private FolderState BuildAlone(string adapter)
    {
        Outcome outcome = BuildOf("alone", adapter).Run();
        return outcome.IsGood ? FolderState.Of(ModelOf("alone")) : throw new InvalidOperationException($"The build before the race failed: {outcome.Text}");
    }

    private (Outcome[] Built, Outcome[] Evicted) RunRound(string[] adapters, int pause)
    {
        Task<Outcome>[] builds = [.. s_projects.Zip(adapters, (project, adapter) => Task.Run(BuildOf(project, adapter).Run))];
        List<Outcome> evicted = [];
        do
        {
            evicted.Add(InProcess.Run(["cache", "clear", Cache]));
            Thread.Sleep(TimeSpan.FromMilliseconds(50 * pause));
        }
        while (!Task.WhenAll(builds).IsCompleted);
        return ([.. builds.Select(build => build.Result)], [.. evicted]);
    }

    private IEnumerable<string> Judge(Outcome[] built, Outcome[] evicted, string[] adapters, Dictionary<string, FolderState> expected)
    {
        foreach (((string project, string adapter), Outcome outcome) in s_projects.Zip(adapters).Zip(built))
        {
            if (IsEvicted(outcome))
            {
                if (Directory.Exists(ModelOf(project)) && !expected.Values.Any(FolderState.Of(ModelOf(project)).IsSame))
                    yield return $"'{project}' gives up and has no whole model";
            }
            else if (!outcome.IsGood)
                yield return $"'{project}' ends with {outcome.ExitCode}: {outcome.Text}";
            else if (!FolderState.Of(ModelOf(project)).IsSame(expected[adapter]))
                yield return $"'{project}' has another model than that of '{adapter}'";
        }
        foreach (Outcome outcome in evicted.Where(outcome => !outcome.IsGood))
            yield return $"the cache cannot be emptied: {outcome.Text}";
        foreach (string left in Directory.EnumerateFileSystemEntries(Cache).Where(path => path.EndsWith(".partial", StringComparison.Ordinal)))
            yield return $"leaves '{left}'";
    }

    /// <summary>Three times, before the build could use what was merged: then it gives up, with nothing lost.</summary>
    private static bool IsEvicted(Outcome outcome) => outcome.ExitCode == 1 && outcome.Text.Contains("error LORA6005:", StringComparison.Ordinal);

    private TaskBuild BuildOf(string project, string adapter)
    {
        string folder = Path.Combine(scene.Root, project);
        Directory.CreateDirectory(Path.Combine(folder, "obj"));
        return new TaskBuild(Path.Combine(scene.Root, "base"), Path.Combine(scene.Root, adapter), folder, Cache, IsShared: true);
    }

    private string ModelOf(string project) => Path.Combine(scene.Root, project, "bin", "models", "base");
}
