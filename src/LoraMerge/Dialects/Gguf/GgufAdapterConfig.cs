using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Dialects.Gguf;

/// <summary>What the keys of a GGUF adapter say. Its tensors are called as those of a GGUF model, and what those are made of only the base tells.</summary>
/// <param name="Architecture">GGUF's name of the base's architecture.</param>
/// <param name="Alpha">Divided by the rank it is the factor on each product; 0 for a factor of 1.</param>
/// <param name="Pairs">By the tensor of the GGUF model that they change.</param>
internal sealed record GgufAdapterConfig(string Architecture, double Alpha, ImmutableSortedDictionary<string, GgufPair> Pairs) : KindConfig
{
    internal override string What =>
        "GGUF adapter of llama.cpp: small matrices B and A for some tensors of a GGUF model; merging adds scaling times B times A to each of their weights";

    internal override int? LargestRank => Pairs.Values.Max(pair => (int)pair.Rank);

    internal override IEnumerable<(string Name, object Value)> Facts(Adapter adapter)
    {
        yield return ("in words", $"It changes {Pairs.Count} tensors of a GGUF model of architecture '{Architecture}'.");
        yield return ("kinds of tensors", Pairs.Keys.Select(KindOf).Distinct().Order(StringComparer.Ordinal).ToArray());
        yield return ("rank", Texts(Pairs.Values.Select(pair => (double)pair.Rank)));
        yield return ("scaling", Texts(Pairs.Values.Select(pair => pair.Scaling(Alpha))));
    }

    /// <summary>The modules of the base that the pairs are for.</summary>
    /// <exception cref="LoraMergeException">LORA3130 to LORA3132: the base is another model, or how GGUF has its tensors is not known.</exception>
    internal override Adapter Complete(Adapter adapter, Checkpoint checkpoint)
    {
        Dictionary<string, LayoutTensor> targets = TargetsIn(checkpoint, adapter);
        AdaptedModule[] modules =
        [
            .. Pairs.SelectMany(pair => targets.TryGetValue(pair.Key, out LayoutTensor? target)
                ? pair.Value.Modules(target, Alpha, adapter.Path) : [pair.Value.Unplaced(pair.Key, Alpha)]),
        ];
        return adapter with { Modules = [.. modules.OrderBy(module => module.Path, StringComparer.Ordinal)] };
    }

    private Dictionary<string, LayoutTensor> TargetsIn(Checkpoint checkpoint, Adapter adapter)
    {
        using var config = JsonDocument.Parse(checkpoint.Config.Json.ToJsonString());
        var source = new GgufSource(
            config.RootElement, [.. checkpoint.Tensors.Select(tensor => new SourceTensor(tensor.Name, tensor.ResultDType, tensor.Shape))],
            new SideFiles(ImmutableDictionary<string, string>.Empty), [], []);
        try
        {
            (string architecture, ImmutableArray<LayoutTensor> tensors) = GgufLayoutBuilder.TensorsOf(source, isChecked: false);
            return architecture == Architecture
                ? tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal)
                : throw Errors.GgufAdapterOfOtherArchitecture(adapter.Path, Architecture, checkpoint.Path, architecture);
        }
        catch (GgufLayoutException e)
        {
            throw Errors.GgufAdapterUnplaced(adapter.Path, checkpoint.Path, e);
        }
    }

    /// <summary>The tensor's name without its layer: <c>attn_q</c>.</summary>
    private static string KindOf(string tensor) => tensor.Split('.') is ["blk", _, var kind, ..] ? kind : tensor.Split('.')[0];

    private static string[] Texts(IEnumerable<double> numbers) =>
        [.. numbers.Distinct().Order().Select(number => number.ToString("R", CultureInfo.InvariantCulture))];
}
