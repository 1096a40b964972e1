using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.LoKr;

/// <summary>W + s·w₁ ⊗ w₂.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="First">w₁ <c>[a, c]</c>.</param>
/// <param name="Second">w₂ <c>[b, d]</c>, of convolutions with the kernels flattened.</param>
/// <param name="Scaling">s of the module times the weight of the adapter.</param>
/// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
/// <param name="KernelOfConv1D">k where w₂ is <c>[b, d, k]</c>; else null.</param>
internal sealed record LoKrChange(
    int Adapter,
    string Module,
    LowRankFactor First,
    LowRankFactor Second,
    double Scaling,
    bool IsTransposed,
    long? KernelOfConv1D
) : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "lokr-transposed" : "lokr";

    public override double Factor => Scaling;

    internal override bool CanBePart => true;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {First.ShapeText} times {Second.ShapeText}, scaling {Scaling}");

    /// <summary>A weight with a prime side is one block, as large as itself.</summary>
    internal override long HeldBytes(WeightFacts weight) => checked((ElementsOf(First) + ElementsOf(Second)) * weight.BufferElementBytes);

    internal override WeightDelta Load(DeltaInputs inputs) => LoKrDelta.Of(First.Load(inputs), Second.Load(inputs), Scaling, IsTransposed, KernelOfConv1D);

    private static long ElementsOf(LowRankFactor factor) => checked(factor.Sides.Rows * factor.Sides.Columns);
}
