using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.VbLora;

/// <summary>What the configuration of a VB-LoRA adapter says. The sizes of the bank, its tensor tells.</summary>
/// <param name="Rank">r.</param>
/// <param name="MixedCount"><c>topk</c>: of how many vectors each part is mixed.</param>
internal sealed record VbLoraConfig(int Rank, int MixedCount) : KindConfig
{
    /// <summary>PEFT's, in all releases.</summary>
    public const int DefaultMixedCount = 2;

    internal override int? LargestRank => Rank;

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor bank = tensors.NeededShared(VbLoraKind.Bank);
        VbLoraFactor a = Read(tensors, VbLoraKind.A, bank, isB: false), b = Read(tensors, VbLoraKind.B, bank, isB: true);
        if (a.Mix.Shape[0] != Rank || b.Mix.Shape[1] != Rank)
            throw Errors.RankMismatch(VbLoraKind.A.Leaf, tensors.Name, a.Mix.Shape[0] != Rank ? a.Mix : b.Mix, Rank);
        return new VbLoraModule(tensors.Name, a, b);
    }

    private VbLoraFactor Read(ModuleTensors tensors, MixRoles roles, StoredTensor bank, bool isB)
    {
        if (tensors.Find(roles.Logits) is StoredTensor logits)
        {
            return logits.Shape[2] == bank.Shape[0] && MixedCount <= bank.Shape[0]
                ? new VbLoraFactor(bank, logits, null, MixedCount, isB)
                : throw Errors.TensorsDoNotFit(
                    tensors.Name,
                    [logits, bank],
                    $"there must be a number for each vector of the bank, of which {MixedCount} count"
                );
        }
        StoredTensor indices = tensors.Has(roles.Shares) ? tensors.Needed(roles.Indices) : tensors.Find(roles.Indices) ?? throw tensors.Missing(roles.Logits);
        StoredTensor shares = tensors.Needed(roles.Shares);
        if (!indices.Shape.AsSpan()[..2].SequenceEqual(shares.Shape.AsSpan()[..2]) || indices.Shape[2] != shares.Shape[2] + 1)
            throw Errors.TensorsDoNotFit(tensors.Name, [indices, shares], "there must be one share less than vectors");
        return new VbLoraFactor(bank, indices, shares, (int)indices.Shape[2], isB);
    }
}
