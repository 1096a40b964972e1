using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Boft;

/// <summary>s ⊙ (W·Mᵀ), where M is a product of butterfly factors.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Blocks"><c>[factors, blocks, n, n]</c>.</param>
/// <param name="Factors">s, one number for each output.</param>
/// <param name="AdapterWeight">c.</param>
/// <remarks>
/// BOFT, arXiv 2311.06243; PEFT, <c>boft/layer.py get_delta_weight</c>. M = F_{m-1}·…·F₀ with F = P·diag(R)·Pᵀ, so W·Mᵀ = W·F₀ᵀ·…, and Fᵀ = P·diag(Rᵀ)·Pᵀ. R = (I - S)·(I + S)⁻¹ of the
/// skew-symmetric part S of each block, in float64. Without its CUDA kernel PEFT itself merges one factor only.
/// </remarks>
internal sealed record BoftChange(int Adapter, string Module, StoredTensor Blocks, StoredTensor Factors, double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => "boft";

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Blocks.Shape[0]} times {Blocks.Shape[1]} blocks of {Blocks.Shape[2]}");

    internal override long HeldBytes(WeightFacts weight) => checked(Blocks.ElementCount * sizeof(double));

    internal override long LoadingBytes(WeightFacts weight) => checked(5 * Blocks.ElementCount / Blocks.Shape[0] * sizeof(double));

    internal override WeightDelta Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        ImmutableArray<RotationStep>.Builder steps = ImmutableArray.CreateBuilder<RotationStep>();
        for (int factor = 0; factor < Blocks.Shape[0]; factor++)
        {
            Tensor blocks = inputs.ReadRows(Blocks, factor, 1)[0].to(ScalarType.Float64); // [blocks, n, n]
            Tensor turned = Rotation.Cayley(Rotation.SkewPart(blocks)).transpose(1, 2).contiguous().DetachFromDisposeScope();
            steps.Add(new RotationStep(turned, Blocks.Shape[0] == 1 ? null : Order(factor).to(inputs.Device).DetachFromDisposeScope()));
        }
        Tensor factors = inputs.Read(Factors).flatten().to(ScalarType.Float64).DetachFromDisposeScope();
        return new WeightedDelta(new RotationDelta(steps.ToImmutable(), factors), AdapterWeight);
    }

    /// <summary>Column c of X·P is column order[c] of X. P has a 1 in row i at the place where half-blocks of a group of inputs land that are sorted into even and odd ones.</summary>
    private Tensor Order(int factor)
    {
        long inputs = Blocks.Shape[1] * Blocks.Shape[2], half = Blocks.Shape[2] / 2;
        long group = inputs / (Blocks.Shape[1] >> factor);
        long[] order = new long[inputs];
        for (long start = 0; start < inputs; start += group)
        {
            long chunks = group / half, evens = (chunks + 1) / 2;
            for (long chunk = 0; chunk < chunks; chunk++)
            {
                long source = chunk < evens ? 2 * chunk : (2 * (chunk - evens)) + 1;
                for (long i = 0; i < half; i++)
                    order[start + (source * half) + i] = start + (chunk * half) + i;
            }
        }
        return tensor(order);
    }
}
