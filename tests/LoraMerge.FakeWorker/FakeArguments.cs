using System.Globalization;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;

namespace LoraMerge.FakeWorker;

/// <summary>What the fake needs of the worker's command line; the real parser is tried on the same lines in a test of its own.</summary>
internal sealed record FakeArguments(ILookup<string, string> Options)
{
    public string Name => One("--name")!;

    public string BasePath => One("--base")!;

    public string Store => One("--store")!;

    public string StatePath => One("--state")!;

    public long? NewerThanTicks => One("--newer-than") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    public IReadOnlyList<(string Path, string Weight)> Adapters { get; } =
        [.. Options["--adapter"].Select(text => (text[..text.LastIndexOf('=')], text[(text.LastIndexOf('=') + 1)..]))];

    public ModelOptions ModelOptions =>
        new()
        {
            Name = Name,
            BaseName = ModelOptions.NameOf(BasePath, File.Exists(BasePath)),
            Values = Given(option => option.Owner != OptionOwner.Adapter, One),
            Adapters =
            [
                .. Adapters.Select(
                    (adapter, i) =>
                        new AdapterOptions(
                            ModelOptions.NameOf(adapter.Path, File.Exists(adapter.Path)),
                            Given(option => option.Owner == OptionOwner.Adapter, name => Numbered(name, i + 1))
                                .With(OptionTable.Weight, OptionTable.Weight.Form.TryRead(adapter.Weight))
                        )
                ),
            ],
        };

    public static FakeArguments Parse(string[] args)
    {
        string[] words = [.. args.Skip(1).SelectMany(word => word.StartsWith('@') ? File.ReadAllLines(word[1..]) : [word])];
        return args[0] == "merge"
            ? new FakeArguments(words.Select(word => word.Split('=', 2)).ToLookup(pair => pair[0], pair => pair[1]))
            : throw new ArgumentException($"'{args[0]}' is no command of the fake.");
    }

    private static OptionValues Given(Func<MergeOption, bool> isMeant, Func<string, string?> find) =>
        OptionTable
            .All.Where(option => option.Switch is not null && isMeant(option))
            .Aggregate(OptionValues.None, (values, option) => values.With(option, find(option.Switch!)));

    private string? One(string option) => Options[option].SingleOrDefault();

    private string? Numbered(string option, int number)
    {
        string prefix = number.ToString(CultureInfo.InvariantCulture) + "=";
        return Options[option].SingleOrDefault(value => value.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
    }
}
