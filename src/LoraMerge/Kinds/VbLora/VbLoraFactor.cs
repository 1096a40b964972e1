using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.VbLora;

/// <summary>A matrix that is put together of short vectors, each a mixture of a few of the bank's.</summary>
/// <param name="Bank"><c>[vectors, length]</c>.</param>
/// <param name="Mix">Numbers of all vectors, the largest of which count; or which vectors count. <c>[r, in/length, …]</c> of A, <c>[out/length, r, …]</c> of
/// B.</param>
/// <param name="Shares">Shares of these vectors, without the last; null where <paramref name="Mix"/> has numbers of all.</param>
/// <param name="MixedCount">How many vectors count.</param>
/// <param name="IsB">Whether it is B, whose vectors are parts of its columns.</param>
/// <remarks>VB-LoRA, arXiv 2405.15179, eq. 2; PEFT, <c>Linear._get_low_rank_matrix</c>, <c>VBLoRAModel._remap_adapter_state_dict_for_load</c>, which takes the
/// shares of a file through a logarithm and back.</remarks>
internal sealed record VbLoraFactor(StoredTensor Bank, StoredTensor Mix, StoredTensor? Shares, int MixedCount, bool IsB) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => IsB ? (Mix.Shape[0] * Bank.Shape[1], Mix.Shape[1]) : (Mix.Shape[0], Mix.Shape[1] * Bank.Shape[1]);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        (Tensor shares, Tensor vectors) = Shares is null ? Largest(inputs) : Saved(inputs); // [p, q, k] each
        Tensor bank = inputs.Read(Bank);
        Tensor mixed = zeros([Mix.Shape[0], Mix.Shape[1], Bank.Shape[1]], inputs.DType, inputs.Device); // [p, q, length]
        for (int i = 0; i < MixedCount; i++)
            mixed.AddProduct(bank.index_select(0, vectors.select(2, i).reshape(-1)).view(mixed.shape), shares.select(2, i).unsqueeze(2), 1);
        return (IsB ? mixed.transpose(1, 2) : mixed).reshape(Sides.Rows, Sides.Columns).contiguous().MoveToOuterDisposeScope();
    }

    private (Tensor Shares, Tensor Vectors) Largest(DeltaInputs inputs)
    {
        (Tensor values, Tensor vectors) = inputs.Read(Mix).topk(MixedCount, -1);
        return (values.softmax(-1), vectors);
    }

    private (Tensor Shares, Tensor Vectors) Saved(DeltaInputs inputs)
    {
        Tensor shares = inputs.Read(Shares!);
        return (cat([shares, shares.sum(dim: -1, keepdim: true).neg().Plus(1)], -1), inputs.ReadIndices(Mix, Bank.Shape[0]));
    }
}
