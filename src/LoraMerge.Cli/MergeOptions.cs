using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Combinations;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Requests;

namespace LoraMerge.Cli;

/// <summary>The options that say what to merge and how; <c>merge</c>, <c>plan</c> and <c>verify</c> share them.</summary>
internal sealed class MergeOptions
{
    /// <summary>More than any machine has; the runtime of the arithmetic ends the process where it cannot make as many as it was told.</summary>
    private const int MostThreads = 1024;

    private readonly Option<string> _base = new("--base") { Description = "Folder or weight file of the base model.", Required = true, HelpName = "DIR" };
    private readonly Option<string?> _baseVersion = new("--base-version") { Description = "Version of the base model.", HelpName = "VERSION" };
    private readonly Option<string[]> _adapters = new("--adapter") { Description = "Adapter folder, and the factor on its change (default 1). Repeat it for several, applied in this order.", Required = true, HelpName = "DIR[=WEIGHT]" };
    private readonly Option<string[]> _adapterVersions = new("--adapter-version") { Description = "Version of adapter N, counted from 1.", HelpName = "N=VERSION" };
    private readonly Option<string[]> _baseRanges = new("--base-range") { Description = "Base versions that adapter N was trained for.", HelpName = "N=RANGE" };
    private readonly Option<string[]> _adapterReleases = new("--adapter-release") { Description = "Release of PEFT or mlx_lm that wrote adapter N, for files that do not tell.", HelpName = "N=RELEASE" };
    private readonly Option<string[]> _expertLayouts = new("--expert-layout") { Description = "Layout of fused experts in adapter N: peft (default) or unsloth.", HelpName = "N=LAYOUT" };
    private readonly Option<string?> _name = new("--name") { Description = "Name of the merged model (default: the base's).", HelpName = "NAME" };
    private readonly Option<string> _dtype = new("--dtype") { Description = "auto (the base's own), float32, float16 or bfloat16.", DefaultValueFactory = _ => "auto", HelpName = "DTYPE" };
    private readonly Option<string?> _maxShardSize = new("--max-shard-size") { Description = "Largest weight file, such as 5GB (default: the base's files).", HelpName = "SIZE" };
    private readonly Option<string> _combine = new("--combine") { Description = $"How several adapters combine: {CombinationWays.AllNames}.", DefaultValueFactory = _ => "sequential", HelpName = "WAY" };
    private readonly Option<string?> _density = new("--density") { Description = "Share of elements that ties, dare and magnitude_prune keep, from 0 to 1.", HelpName = "SHARE" };
    private readonly Option<string> _majoritySign = new("--majority-sign") { Description = "How ties and dare_ties elect a sign: total or frequency.", DefaultValueFactory = _ => "total", HelpName = "METHOD" };
    private readonly Option<string?> _svdRank = new("--svd-rank") { Description = "Largest rank of what svd and the _svd ways give (default: the adapters' largest).", HelpName = "N" };
    private readonly Option<string> _device = new("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto", HelpName = "DEVICE" };
    private readonly Option<string?> _threads = new("--threads") { Description = "Threads of the arithmetic (default: one per core).", HelpName = "N" };
    private readonly Option<string?> _maxMemory = new("--max-memory") { Description = "Memory that the merge may hold, such as 1GB.", HelpName = "SIZE" };
    private readonly Option<string> _verify = new("--verify") { Description = "What is read back: none, written or full.", DefaultValueFactory = _ => "none", HelpName = "LEVEL" };
    private readonly Option<string> _onUnmatched = new("--on-unmatched") { Description = "Adapter tensors without a place in the base: error or warn.", DefaultValueFactory = _ => "error", HelpName = "WHAT" };
    private readonly Option<string?> _runtime = new("--runtime") { Description = "Folder of libtorch for this platform.", HelpName = "DIR", Hidden = true };

    /// <param name="command">Gets the options, those that are needed first.</param>
    /// <param name="needed">What else the command needs.</param>
    public void AddTo(Command command, params Option[] needed)
    {
        foreach (Option option in (Option[])[_base, _adapters, .. needed, _dtype, _name, _maxShardSize, _combine, _density, _majoritySign, _svdRank, _onUnmatched, _verify,
            _device, _threads, _maxMemory, _baseVersion, _adapterVersions, _baseRanges, _adapterReleases, _expertLayouts, _runtime])
            command.Add(option);
    }

    /// <exception cref="LoraMergeException">LORA1101.</exception>
    public MergeRequest Read(ParseResult parsed)
    {
        string[] adapters = parsed.GetValue(_adapters) ?? [];
        IReadOnlyDictionary<int, string> versions = Numbered("--adapter-version", parsed.GetValue(_adapterVersions), adapters.Length);
        IReadOnlyDictionary<int, string> ranges = Numbered("--base-range", parsed.GetValue(_baseRanges), adapters.Length);
        IReadOnlyDictionary<int, string> layouts = Numbered("--expert-layout", parsed.GetValue(_expertLayouts), adapters.Length);
        IReadOnlyDictionary<int, string> releases = Numbered("--adapter-release", parsed.GetValue(_adapterReleases), adapters.Length);
        return new MergeRequest(
            parsed.GetValue(_base)!,
            [.. adapters.Select((text, i) => Adapter(text) with
            {
                Version = versions.GetValueOrDefault(i + 1),
                BaseVersionRange = ranges.GetValueOrDefault(i + 1),
                AdapterVersion = releases.GetValueOrDefault(i + 1),
                ExpertLayout = Layout(layouts.GetValueOrDefault(i + 1) ?? "peft"),
            })])
        {
            Name = parsed.GetValue(_name),
            BaseVersion = parsed.GetValue(_baseVersion),
            DType = parsed.GetValue(_dtype) is var dtype && OutputDType.TryParse(dtype!, out OutputDType value) ? value : throw Errors.ArgumentInvalid("--dtype", dtype!, "auto, float32, float16 or bfloat16"),
            MaxShardSize = Size("--max-shard-size", parsed.GetValue(_maxShardSize)),
            Combination = Combination(parsed),
            Device = parsed.GetValue(_device) is var device && ComputeDevice.IsValid(device!) ? device! : throw Errors.ArgumentInvalid("--device", device!, "auto, cpu, cuda or cuda:N"),
            Threads = Threads(parsed.GetValue(_threads)),
            MaxMemory = Size("--max-memory", parsed.GetValue(_maxMemory))?.Bytes,
            Verification = parsed.GetValue(_verify) switch
            {
                "none" => Verification.None,
                "written" => Verification.Written,
                "full" => Verification.Full,
                var wrong => throw Errors.ArgumentInvalid("--verify", wrong!, "none, written or full"),
            },
            AcceptsUnmatched = parsed.GetValue(_onUnmatched) switch
            {
                "error" => false,
                "warn" => true,
                var wrong => throw Errors.ArgumentInvalid("--on-unmatched", wrong!, "error or warn"),
            },
            NativesFolder = parsed.GetValue(_runtime),
        };
    }

    /// <exception cref="LoraMergeException">LORA1101.</exception>
    public static ByteSize? Size(string option, string? text) => text is null
        ? null
        : ByteSize.TryParse(text, out ByteSize? size) ? size : throw Errors.ArgumentInvalid(option, text, "a size such as 500MB, 5GB or 2GiB");

    private Combination Combination(ParseResult parsed) => new(
        parsed.GetValue(_combine) is var combine && CombinationWays.TryParse(combine!, out CombinationWay way) ? way : throw Errors.ArgumentInvalid("--combine", combine!, $"one of {CombinationWays.AllNames}"))
    {
        Density = parsed.GetValue(_density) is not string share ? null : Density.TryParse(share, out Density? density) ? density : throw Errors.ArgumentInvalid("--density", share, "a share from 0 to 1"),
        MajoritySign = parsed.GetValue(_majoritySign) is var method && CombinationWays.TryParse(method!, out MajoritySign sign) ? sign : throw Errors.ArgumentInvalid("--majority-sign", method!, "total or frequency"),
        SvdRank = parsed.GetValue(_svdRank) is string rank ? Rank(rank) : null,
    };

    /// <summary>Without leading zeros, since the text is part of the model's key.</summary>
    private static int Rank(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int rank) && text[0] != '0' ? rank : throw Errors.ArgumentInvalid("--svd-rank", text, "a whole number from 1");

    /// <summary>A path may hold '=', so only a number behind the last one is a weight, and not where only the whole text is a path.</summary>
    private static AdapterRequest Adapter(string text)
    {
        int split = text.LastIndexOf('=');
        if (split > 0 && (Path.Exists(text[..split]) || !Path.Exists(text))
            && double.TryParse(text.AsSpan(split + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double weight))
            return double.IsFinite(weight) ? new AdapterRequest(text[..split], weight) : throw Errors.ArgumentInvalid("the weight of --adapter", text, "a finite number");
        return new AdapterRequest(text);
    }

    private static ExpertLayout Layout(string text) =>
        ExpertLayouts.TryParse(text, out ExpertLayout layout) ? layout : throw Errors.ArgumentInvalid("--expert-layout", text, "peft or unsloth");

    private static Dictionary<int, string> Numbered(string option, string[]? values, int count)
    {
        var numbered = new Dictionary<int, string>();
        foreach (string value in values ?? [])
        {
            int split = value.IndexOf('=', StringComparison.Ordinal);
            if (split < 1 || !int.TryParse(value.AsSpan(0, split), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > count)
                throw Errors.ArgumentInvalid(option, value, $"a number from 1 to {count}, '=' and a text");
            numbered[number] = value[(split + 1)..];
        }
        return numbered;
    }

    private static int? Threads(string? text) => text is null
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads is >= 1 and <= MostThreads
            ? threads
            : throw Errors.ArgumentInvalid("--threads", text, $"a whole number from 1 to {MostThreads}");
}
