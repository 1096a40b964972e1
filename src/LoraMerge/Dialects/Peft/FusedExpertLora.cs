using System.Text.RegularExpressions;
using LoraMerge.Checkpoints;

namespace LoraMerge.Dialects.Peft;

/// <summary>KTransformers' file of the experts' pairs, which LLaMA-Factory leaves beside the adapter of all other layers: stacked pairs, under names of their
/// own.</summary>
/// <remarks>kt-kernel, <c>_save_fused_expert_lora</c>: <c>layers.3.experts.gate_lora_a</c> <c>[experts, r, in]</c>, with the rank and alpha of the
/// adapter.</remarks>
internal static partial class FusedExpertLora
{
    /// <summary>Where layers lie in a model, if no other tensor of the adapter tells.</summary>
    private const string Layers = "base_model.model.model.layers.";

    /// <summary>The tensors of the file under the names of stacked pairs; other files are what they are.</summary>
    /// <param name="beside">A file beside the adapter.</param>
    /// <param name="own">The adapter's own tensors.</param>
    public static Shard Named(Shard beside, IEnumerable<StoredTensor> own)
    {
        if (!beside.Tensors.All(tensor => Pair.IsMatch(tensor.Name)))
            return beside;
        string layers = own.Select(tensor => LayersOf.Match(tensor.Name)).FirstOrDefault(match => match.Success)?.Value ?? Layers;
        return beside with
        {
            Tensors = [.. beside.Tensors.Select(tensor => tensor with { Name = Pair.Replace(tensor.Name, match => Name(layers, match)) })],
        };
    }

    private static string Name(string layers, Match pair) =>
        $"{layers}{pair.Groups["layer"]}.mlp.experts.{pair.Groups["projection"]}_proj.lora_{pair.Groups["factor"].Value.ToUpperInvariant()}.weight";

    [GeneratedRegex(@"^layers\.(?<layer>[0-9]{1,6})\.experts\.(?<projection>gate|up|down)_lora_(?<factor>[ab])$", RegexOptions.CultureInvariant)]
    private static partial Regex Pair { get; }

    [GeneratedRegex(@"^.*?\blayers\.(?=[0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex LayersOf { get; }
}
