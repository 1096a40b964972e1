using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using LoraMerge.Agreed.Options;
using LoraMerge.Diagnostics;
using LoraMerge.Hub.Fetching;
using LoraMerge.Requests;

namespace LoraMerge.Cli;

/// <summary>The options that say what to merge and how; <c>merge</c>, <c>plan</c>, <c>verify</c> and <c>report</c> share them.</summary>
internal sealed class MergeOptions
{
    private readonly Option<string> _base = new("--base")
    {
        Description = "Folder or weight file of the base model, or hf://NAMESPACE/NAME[@REVISION] at the Hugging Face hub.",
        HelpName = "DIR",
    };
    private readonly Option<string[]> _adapters = new("--adapter")
    {
        Description = "Adapter folder, or hf://NAMESPACE/NAME[@REVISION], and the factor on its change (default 1). Repeat it for several, applied in "
            + "this order.",
        HelpName = "DIR[=WEIGHT]",
    };
    private readonly Option<string?> _name = new("--name") { Description = "Name of the merged model (default: the base's).", HelpName = "NAME" };
    private readonly Option<string?> _runtime = new("--runtime") { Description = "Folder of libtorch for this platform.", HelpName = "DIR", Hidden = true };
    private readonly Option<string?> _fetched = new("--fetched") { Description = "What a build has fetched.", HelpName = "FILE", Hidden = true };
    private readonly Dictionary<MergeOption, Option<string?>> _ofModel = OptionTable.All.Where(IsOfModel).ToDictionary(option => option, Single);
    private readonly Dictionary<MergeOption, Option<string[]>> _ofAdapters = OptionTable.Of(OptionOwner.Adapter)
        .Where(option => option.Switch is not null).ToDictionary(option => option, Repeated);

    /// <param name="isRequired">Whether base and adapters have to be given.</param>
    public MergeOptions(bool isRequired = true) => _base.Required = _adapters.Required = isRequired;

    /// <summary>Whether base or adapters are given: where they need not be, but only together.</summary>
    public bool AreGiven(SymbolResult command) => command.GetResult(_base) is not null || command.GetResult(_adapters) is not null;

    /// <summary>Whether both are given.</summary>
    public bool AreWhole(SymbolResult command) => command.GetResult(_base) is not null && command.GetResult(_adapters) is not null;

    /// <param name="command">Gets the options, those that are needed first.</param>
    /// <param name="needed">What else the command needs.</param>
    public void AddTo(Command command, params Option[] needed)
    {
        foreach (Option option in (Option[])[_base, _adapters, .. needed, _name, .. _ofModel.Values, .. _ofAdapters.Values, _runtime, _fetched])
            command.Add(option);
    }

    /// <summary>What is asked for, with what lies at the hub fetched.</summary>
    /// <exception cref="LoraMergeException">LORA1101.</exception>
    /// <exception cref="Hub.Faults.HubException">LORA7001 to LORA7043.</exception>
    public async Task<MergeRequest> ReadAsync(ParseResult parsed, HubEvents events, CancellationToken cancellation)
    {
        MergeRequest request = Read(parsed);
        (string, HubRole)[] inputs = [(request.BaseModel, HubRole.Base), .. request.Adapters.Select(adapter => (adapter.Path, HubRole.Adapter))];
        IReadOnlyList<InputLocation> found = parsed.GetValue(_fetched) is string fetched ? InputLocation.Find(inputs, fetched)
            : await InputLocation.FindAsync(inputs, events, cancellation);
        return request with
        {
            BaseModel = found[0].Path,
            FetchedBase = found[0].Fetched,
            Adapters = [.. request.Adapters.Zip(found.Skip(1), (adapter, there) => adapter with { Path = there.Path, Fetched = there.Fetched })],
        };
    }

    /// <exception cref="LoraMergeException">LORA1101.</exception>
    public MergeRequest Read(ParseResult parsed)
    {
        string[] adapters = parsed.GetValue(_adapters) ?? [];
        OptionValues[] ofAdapters = [.. adapters.Select(_ => OptionValues.None)];
        foreach ((MergeOption option, Option<string[]> given) in _ofAdapters)
        {
            foreach (string value in parsed.GetValue(given) ?? [])
            {
                (int index, string text) = Numbered(option.Switch!, value, adapters.Length);
                ofAdapters[index] = ofAdapters[index].With(option, Checked(option, text));
            }
        }
        OptionValues ofModel = Values(parsed, _ofModel);
        var request = new MergeRequest(parsed.GetValue(_base)!, [.. adapters.Zip(ofAdapters, (text, values) => RequestWords.Apply(Adapter(text), values))])
        {
            Name = parsed.GetValue(_name),
            NativesFolder = parsed.GetValue(_runtime),
        };
        return RequestWords.Apply(request, ofModel);
    }

    /// <summary>What is given of some options.</summary>
    /// <exception cref="LoraMergeException">LORA1101.</exception>
    public static OptionValues Values(ParseResult parsed, IReadOnlyDictionary<MergeOption, Option<string?>> options) => options.Aggregate(
        OptionValues.None,
        (values, option) => values.With(option.Key, parsed.GetValue(option.Value) is string text ? Checked(option.Key, text) : null));

    /// <exception cref="LoraMergeException">LORA1101.</exception>
    public static ByteSize? Size(string option, string? text) => text is null ? null
        : ByteSize.TryParse(text, out ByteSize? size) ? size
        : throw Errors.ArgumentInvalid(option, text, OptionForm.Size.Expected);

    /// <summary>A single option as System.CommandLine has it.</summary>
    public static Option<string?> Single(MergeOption option)
    {
        var single = new Option<string?>(option.Switch!) { Description = option.Description, HelpName = option.ValueName, Hidden = option.IsHidden };
        if (option.Default is string value)
            single.DefaultValueFactory = _ => value;
        single.CompletionSources.Add([.. option.Form.Words]);
        return single;
    }

    private static string Checked(MergeOption option, string text) =>
        option.Form.TryRead(text) ?? throw Errors.ArgumentInvalid(option.Switch!, text, option.Form.Expected);

    private static bool IsOfModel(MergeOption option) => option.Switch is not null && option.Owner != OptionOwner.Adapter && option != OptionTable.CacheMaxSize;

    private static Option<string[]> Repeated(MergeOption option) => new(option.Switch!) { Description = option.Description, HelpName = option.ValueName };

    /// <summary>A path may hold '=', so only a number behind the last one is a weight, and not where only the whole text is a path.</summary>
    private static AdapterRequest Adapter(string text)
    {
        int split = text.LastIndexOf('=');
        if (
            split > 0
            && (Path.Exists(text[..split]) || !Path.Exists(text))
            && double.TryParse(text.AsSpan(split + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double weight)
        )
            return double.IsFinite(weight)
                ? new AdapterRequest(text[..split], weight)
                : throw Errors.ArgumentInvalid("the weight of --adapter", text, "a finite number");
        return split > 0 && !Path.Exists(text) && Path.Exists(text[..split])
            ? throw Errors.ArgumentInvalid("the weight of --adapter", text, "a number such as 0.5 behind '='")
            : new AdapterRequest(text);
    }

    private static (int Index, string Text) Numbered(string option, string value, int count)
    {
        int split = value.IndexOf('=', StringComparison.Ordinal);
        return split >= 1 && int.TryParse(value.AsSpan(0, split), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= 1 && number <= count
            ? (number - 1, value[(split + 1)..])
            : throw Errors.ArgumentInvalid(
                option, value, count == 1 ? "'1=' with a text behind it" : $"the number of an adapter (1 to {count}), '=' and a text");
    }
}
