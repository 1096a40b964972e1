using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Boft;

/// <summary>s ⊙ (W·Mᵀ), where M is a product of butterfly factors.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Blocks"><c>[factors, blocks, n, n]</c>.</param>
/// <param name="Factors">s, one number for each output.</param>
/// <param name="IsAcross">Whether W is what is left when its numbers are read as inputs by outputs, as PEFT up to 0.13 did with convolutions.</param>
/// <param name="AdapterWeight">c.</param>
/// <remarks>
/// BOFT, arXiv 2311.06243; PEFT, <c>boft/layer.py get_delta_weight</c>. M = F_{m-1}·…·F₀ with F = P·diag(R)·Pᵀ, so W·Mᵀ = W·F₀ᵀ·…, and Fᵀ = P·diag(Rᵀ)·Pᵀ. R =
/// (I - S)·(I + S)⁻¹ of the
/// skew-symmetric part S of each block, in float64. Without its CUDA kernel PEFT itself merges one factor only.
/// </remarks>
internal sealed record BoftChange(int Adapter, string Module, StoredTensor Blocks, StoredTensor Factors, bool IsAcross, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsAcross ? "boft-across" : "boft";

    internal override bool SeesWholeFirst => IsAcross;

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Blocks.Shape[0]} times {Blocks.Shape[1]} blocks of {Blocks.Shape[2]}");

    internal override long HeldBytes(WeightFacts weight) => checked(
        (Blocks.ElementCount * sizeof(double)) + (IsAcross ? AcrossRotationDelta.BytesOf(weight.RowCount, weight.RowLength) : 0));

    internal override long LoadingBytes(WeightFacts weight) => checked(5 * Blocks.ElementCount / Blocks.Shape[0] * sizeof(double));

    internal override WeightDelta Load(DeltaInputs inputs) => BoftRotation.Load(this, inputs);
}
