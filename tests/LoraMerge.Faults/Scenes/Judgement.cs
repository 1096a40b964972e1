using System.Text.RegularExpressions;

namespace LoraMerge.Faults.Scenes;

/// <summary>Says what does not hold in a folder.</summary>
/// <param name="scene">Knows what its files are.</param>
/// <param name="start">The folder before.</param>
/// <param name="ends">What a clean run may make of it.</param>
/// <param name="now">The folder as it is.</param>
internal sealed partial class Judgement(Scene scene, FolderState start, IReadOnlyList<FolderState> ends, FolderState now)
{
    private readonly ModelPlace[] _places = [.. ends.Append(start).Append(now).SelectMany(scene.PlacesIn).Distinct()];

    /// <summary>After a run that something has hit.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="mayLeave">Whether it was kept from tidying up.</param>
    /// <param name="changed">An input that became another.</param>
    public IEnumerable<string> Of(Outcome outcome, bool mayLeave, string? changed) =>
    [
        .. _places.Select(place => OfModel(place, outcome)).OfType<string>(),
        .. ends.All(end => _places.Any(place => place.Counts(end))) && _places.Any(place => place.Counts(start))
            && !_places.Any(place => place.Counts(now) || MayBeNone(place, outcome)) ? (string[])["neither the earlier model is there nor the new one"] : [],
        .. from path in start.Paths
           where path != changed && now[path] != start[path] && ends.All(end => end[path] == start[path]) && !IsOfModel(path) && !scene.IsVolatile(path)
           select $"'{path}' is {(now[path] is null ? "gone" : "another")}",
        .. OfWords(outcome),
        .. now.Paths.Where(path => now[path] == FolderState.Locked).Select(path => $"still holds '{path}' locked"),
        .. from path in now.Paths
           where !mayLeave && start[path] is null && ends.All(end => end[path] is null) && !scene.MayStay(path)
           select $"leaves '{path}'",
    ];

    /// <summary>After a run that nothing has hit: all is as in the end.</summary>
    public IEnumerable<string> OfLast(Outcome outcome)
    {
        FolderState end = ends[0];
        if (!outcome.IsGood)
            yield return $"the next run ends with {outcome.ExitCode}: {outcome.Text.Trim()}";
        foreach (string path in now.Paths.Union(end.Paths).Where(path => now[path] != end[path]))
        {
            if (now[path] is null)
                yield return $"'{path}' is missing after the next run";
            else if (end[path] is null && scene.MayOutlive(path))
                continue;
            else if (end[path] is null)
                yield return $"'{path}' is left after the next run";
            else if (!scene.IsVolatile(path))
                yield return $"'{path}' is another after the next run";
        }
    }

    private bool IsOfModel(string path) => _places.Any(place => place.Owns(path));

    /// <summary>Whether the files that any of the states has of a model are as in one of them. Others are rubbish, or somebody else's.</summary>
    private bool IsAs(FolderState state, ModelPlace place) =>
        place.Counts(now) == place.Counts(state) && (!place.Counts(now) || FilesOf(place).All(path => now[path] == state[path]));

    /// <summary>Where an error says that there is none, or the scene knows why.</summary>
    private bool MayBeNone(ModelPlace place, Outcome outcome) => !place.Counts(now) && (SaysNone.IsMatch(outcome.Text) || scene.MayBeNone(place, now));

    private IEnumerable<string> FilesOf(ModelPlace place) => ends.Append(start).SelectMany(state => state.Below(place.Folder)).Distinct();

    private string? OfModel(ModelPlace place, Outcome outcome)
    {
        bool isAsInTheEnd = ends.Any(end => IsAs(end, place));
        if (!IsAs(start, place) && !isAsInTheEnd && (outcome.IsGood || !MayBeNone(place, outcome)))
        {
            IEnumerable<string> files = FilesOf(place)
                .Where(path => now[path] != FolderState.Folder)
                .Select(path => $"{Path.GetRelativePath(place.Folder, path)} is {Describe(path)}");
            return $"'{place.Folder}' is neither the earlier model nor the new one: {string.Join(", ", files)}";
        }
        return outcome.IsGood && !isAsInTheEnd && ends.All(place.Counts) ? $"exit code 0, but '{place.Folder}' is not the new model" : null;
    }

    private string Describe(string path) =>
        now[path] is null ? "missing"
        : ends.Any(end => now[path] == end[path]) ? now[path] == start[path] ? "the same in both" : "new"
        : now[path] == start[path] ? "earlier" : "neither";

    private IEnumerable<string> OfWords(Outcome outcome)
    {
        if (outcome.ExitCode is null or 0)
            yield break;
        string[] errors = [.. outcome.Lines.Where(line => ErrorLine.IsMatch(line)).Select(line => line.Split(" [")[0]).Distinct()];
        string said = string.Join(" / ", errors);
        ModelPlace[] spokenOf = [.. _places.Where(scene.IsSpokenOf)];
        if (outcome.ExitCode != 1)
            yield return $"ends with {outcome.ExitCode}: {(outcome.ExitCode == Outcome.Crash ? outcome.CrashText : outcome.Text.Trim())}";
        else if (errors.Length == 0 || !errors.All(error => error.Contains(": error LORA", StringComparison.Ordinal)))
            yield return $"no error of ours: {outcome.Text.Trim()}";
        else if (Unchanged.IsMatch(said) && spokenOf.Any(place => !IsAs(start, place)))
            yield return $"says that nothing was changed, but it was: {said}";
        else if (!NewIsThere.IsMatch(said) && spokenOf.Any(place => place.Counts(now) && !IsAs(start, place)))
            yield return $"the new model is in its place, but the error does not say so: {said}";
        foreach (Match absent in Absent.Matches(said).Where(match => start[Path.GetRelativePath(scene.Root, match.Groups["path"].Value)] is not null))
            yield return $"says that '{absent.Groups["path"].Value}' is not there, but it is: {said}";
    }

    [GeneratedRegex(@": error [A-Z]+\d+: ")]
    private static partial Regex ErrorLine { get; }

    [GeneratedRegex("[Nn]othing was (written|changed)|is as it was|was not changed")]
    private static partial Regex Unchanged { get; }

    [GeneratedRegex("holds no whole model now")]
    private static partial Regex SaysNone { get; }

    [GeneratedRegex("new model is|merged model is (there|whole|complete|in)|model itself is")]
    private static partial Regex NewIsThere { get; }

    [GeneratedRegex("'(?<path>[^']+)' does not exist")]
    private static partial Regex Absent { get; }
}
