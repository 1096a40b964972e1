using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Beft;

/// <summary>What is added to the bias of one layer, which has to have one: PEFT's merge knows no other.</summary>
internal sealed record BeftModule(string Path, StoredTensor Bias) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("beft_bias", Bias)];

    internal override bool ChangesWeight => false;

    internal override StoredTensor? NeedsBias => Bias;

    internal override IEnumerable<WeightChange> ChangeBias(ModuleTarget bias) => bias.Source.ElementCount == Bias.ElementCount
        ? [new AddedChange(bias.Adapter, Path, "beft", Bias with { Shape = bias.Source.Shape, Strides = default }, bias.AdapterWeight)]
        : throw bias.Mismatch(this);
}
