using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Miss;

/// <summary>W′ᵢⱼ = Wᵢⱼ + c·(Wᵢⱼ·Mᵢ + Mᵢ), with W cut in r×r blocks, i over the outputs.</summary>
/// <remarks>Bone's "bat"; PEFT, <c>MissLinear.get_delta_weight</c>. W is what earlier adapters made of it, unrounded.</remarks>
internal sealed class MixedBlocksDelta : WeightDelta
{
    private readonly Tensor _blocks;
    private readonly double _adapterWeight;

    /// <param name="blocks">M <c>[out/r, r, r]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="adapterWeight">c.</param>
    public MixedBlocksDelta(Tensor blocks, double adapterWeight)
    {
        _blocks = blocks;
        _adapterWeight = adapterWeight;
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        long r = _blocks.shape[1];
        for (long first = 0; first < w.shape[0]; first += r)
        {
            using var scope = NewDisposeScope();
            Tensor block = _blocks[(firstRow + first) / r]; // Mᵢ
            Tensor rows = w.narrow(0, first, r).view(r, -1, r); // row, j, element
            Tensor mixed = rows.reshape(-1, r).matmul(block).view(r, -1, r).Add(block.unsqueeze(1));
            rows.Add(mixed, times: _adapterWeight);
        }
    }

    public override void Dispose() => _blocks.Dispose();
}
