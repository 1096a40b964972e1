using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>
/// What decided a merged model besides the contents of its inputs, as the last build had it. Only to say what has changed; losing it costs nothing.
/// </summary>
internal static class OptionsFile
{
    private const string Tool = "tool";

    /// <summary>What a key holds besides the options of the table, as users know it.</summary>
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["name"] = "MergedModelName", ["base"] = "the name of the base model", ["origin"] = "the commit at the hub",
    };

    /// <param name="statePath">The model's state file, beside which it lies.</param>
    public static string PathFor(string statePath) => Path.ChangeExtension(statePath, ".options");

    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public static void Save(string statePath, ModelOptions options) => AtomicFile.WriteLines(PathFor(statePath), LinesOf(options));

    /// <returns>What is not as it was, as the end of a sentence; null where nothing is, or where it is not known how it was.</returns>
    public static string? FindChange(string statePath, ModelOptions options)
    {
        if (AtomicFile.TryReadLines(PathFor(statePath)) is not { } before)
            return null;
        string[] now = [.. LinesOf(options)];
        string[] adaptersBefore = AdaptersIn(before), adaptersNow = AdaptersIn(now);
        if (!adaptersBefore.SequenceEqual(adaptersNow))
            return $"the adapters have changed from {Quoted(adaptersBefore)} to {Quoted(adaptersNow)}";
        // By their names: another version may have known other options.
        Dictionary<(int Adapter, string Key), string> known = Number(before)
            .GroupBy(line => (line.Adapter, line.Key), line => line.Value).ToDictionary(line => line.Key, line => line.First());
        string[] changes =
        [
            .. from line in Number(now)
               where known.TryGetValue((line.Adapter, line.Key), out string? was) && was != line.Value
               let adapter = line.Adapter == 0 ? "" : $" of adapter '{adaptersNow[line.Adapter - 1]}'"
               select Describe(line.Key, known[(line.Adapter, line.Key)], line.Value, adapter),
        ];
        return changes.Length == 0 ? null : string.Join(" and ", changes);
    }

    /// <summary>Each line with the number of the adapter that it speaks of, 0 before the first.</summary>
    private static IEnumerable<(int Adapter, string Key, string Value)> Number(string[] lines)
    {
        int adapter = 0;
        foreach ((string key, string value) in lines.Select(Split))
        {
            adapter += key == "adapter" ? 1 : 0;
            yield return (adapter, key, value);
        }
    }

    private static string Describe(string key, string was, string @is, string adapter)
    {
        if (key == Tool)
            return $"LoraMerge.Build {was} has become {@is}";
        string name = s_names.TryGetValue(key, out string? known) ? known : OptionTable.All.First(option => option.Key == key).Title;
        return $"{name}{adapter} has changed from '{was}' to '{@is}'";
    }

    private static IEnumerable<string> LinesOf(ModelOptions options) => options.ToLines().Prepend($"{Tool} {ToolVersion.Current}");

    private static string[] AdaptersIn(string[] lines) => [.. lines.Select(Split).Where(line => line.Key == "adapter").Select(line => line.Value)];

    private static (string Key, string Value) Split(string line)
    {
        int end = line.IndexOf(' ');
        return end < 0 ? (line, "") : (line.Substring(0, end), line.Substring(end + 1));
    }

    private static string Quoted(string[] names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
