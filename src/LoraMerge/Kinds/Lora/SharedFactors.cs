using System.Text.RegularExpressions;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Lora;

/// <summary>Factors that all experts of a layer share, beside the other factor of each: <c>experts.gate_proj.lora_A</c> <c>[1, r, in]</c> and
/// <c>experts.3.gate_proj.lora_B</c> <c>[out, r]</c>.</summary>
/// <remarks>Megatron-Bridge's export of outer factors that are shared (its issue 3981), as SGLang takes them.</remarks>
internal sealed partial class SharedFactors
{
    private readonly AdapterTensors _tensors;
    private readonly HashSet<string> _shared;

    public SharedFactors(AdapterTensors tensors)
    {
        _tensors = tensors;
        _shared = tensors.Modules.Select(module => PathFor(module.Path)).OfType<string>()
            .Where(path => tensors.Find(path) is { } shared && shared.Has(LoraRoles.A) != shared.Has(LoraRoles.B)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Whether a module is nothing but the factor of others.</summary>
    public bool Are(ModuleTensors module) => _shared.Contains(module.Path);

    /// <summary>The factor of an expert that lacks its own; null where there is none.</summary>
    public StoredTensor? Find(ModuleTensors module, TensorRole role) =>
        PathFor(module.Path) is string path && _shared.Contains(path) && _tensors.Find(path)!.Find(role) is { Shape: [1, _, _] } shared ? shared.At(0) : null;

    private static string? PathFor(string path) => Expert.Match(path) is { Success: true } match ? $"{match.Groups["experts"]}.{match.Groups["layer"]}" : null;

    [GeneratedRegex(@"^(?<experts>.+\.experts)\.[0-9]{1,6}\.(?<layer>[^.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Expert { get; }
}
