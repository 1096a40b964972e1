using LoraMerge.Adapters;

namespace LoraMerge.Kinds.LnTuning;

/// <summary>Nothing decides the merge but the tensors.</summary>
internal sealed record LnTuningConfig : KindConfig
{
    internal override IEnumerable<(string Name, object Value)> Facts(Adapter adapter) =>
        [("in words", $"It replaces the layers {AdapterWords.Places(adapter.Parameters.Select(saved => saved.Module))}.")];
}
