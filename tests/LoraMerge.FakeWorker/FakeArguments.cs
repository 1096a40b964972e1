using System.Globalization;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.FakeWorker;

/// <summary>What the fake needs of the worker's command line; the real parser is tried on the same lines in a test of its own.</summary>
internal sealed record FakeArguments(ILookup<string, string> Options)
{
    public string Name => One("--name")!;

    public string BasePath => One("--base")!;

    public string Store => One("--store")!;

    public string StatePath => One("--state")!;

    public long? NewerThanTicks => One("--newer-than") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    public IReadOnlyList<(string Path, double Weight)> Adapters { get; } =
        [.. Options["--adapter"].Select(text => (text[..text.LastIndexOf('=')], double.Parse(text[(text.LastIndexOf('=') + 1)..], CultureInfo.InvariantCulture)))];

    public ModelOptions ModelOptions => new()
    {
        Name = Name,
        BaseName = ModelOptions.NameOf(BasePath),
        BaseVersion = One("--base-version"),
        Adapters = [.. Adapters.Select((adapter, i) => new AdapterOptions(ModelOptions.NameOf(adapter.Path), adapter.Weight, Numbered("--adapter-version", i + 1), Numbered("--base-range", i + 1), Release: Numbered("--adapter-release", i + 1)))],
        DType = One("--dtype")!,
        MaxShardSize = One("--max-shard-size"),
        Device = One("--device")!,
        OnUnmatched = One("--on-unmatched")!,
    };

    public static FakeArguments Parse(string[] args)
    {
        string[] words = [.. args.Skip(1).SelectMany(word => word.StartsWith('@') ? File.ReadAllLines(word[1..]) : [word])];
        return args[0] == "merge"
            ? new FakeArguments(words.Select(word => word.Split('=', 2)).ToLookup(pair => pair[0], pair => pair[1]))
            : throw new ArgumentException($"'{args[0]}' is no command of the fake.");
    }

    private string? One(string option) => Options[option].SingleOrDefault();

    private string? Numbered(string option, int number)
    {
        string prefix = number.ToString(CultureInfo.InvariantCulture) + "=";
        return Options[option].SingleOrDefault(value => value.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
    }
}
