using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Safetensors;

namespace LoraMerge.Kinds.RandLora;

/// <summary>W + s·Σ of random products with trained factors.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Lambda"><c>[r, products]</c>.</param>
/// <param name="Gamma"><c>[products, smaller side]</c>.</param>
/// <param name="A">The shared A; null where it is drawn.</param>
/// <param name="B">The shared B; likewise.</param>
/// <param name="Draw">What they are drawn from; null where they are stored.</param>
/// <param name="Scaling">s of the module times the weight of the adapter.</param>
/// <param name="IsTurned">Whether W as stored has the smaller side as rows.</param>
internal sealed record RandLoraChange(
    int Adapter,
    string Module,
    StoredTensor Lambda,
    StoredTensor Gamma,
    StoredTensor? A,
    StoredTensor? B,
    RandLoraDraw? Draw,
    double Scaling,
    bool IsTurned
) : WeightChange(Adapter, Module)
{
    public override string Method => "randlora";

    public override double Factor => Scaling;

    internal override bool CanBePart => true;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Lambda.Shape[1]} products of rank {Lambda.Shape[0]}, scaling {Scaling}");

    /// <summary>The shared B, which stays for all modules, the module's own A and the part of B that it needs.</summary>
    internal override long HeldBytes(WeightFacts weight) => checked((SharedElements + ScaledElements + PartElements(weight)) * weight.BufferElementBytes);

    /// <summary>What is drawn is held once more while it is brought to its deviation.</summary>
    internal override long LoadingBytes(WeightFacts weight) => Draw is null ? ByteLengthOf(B!) : checked(2 * SharedElements * sizeof(float));

    internal override WeightDelta Load(DeltaInputs inputs) => RandLoraDelta.Of(this, inputs);

    private long SharedElements => Draw is { } draw ? checked(draw.Larger * draw.Products * draw.Rank) : B!.ElementCount;

    private long ScaledElements => checked(Lambda.ElementCount * Gamma.Shape[1]);

    private long PartElements(WeightFacts weight) => checked(weight.ElementCount / Gamma.Shape[1] * Lambda.ElementCount);

    private static long ByteLengthOf(StoredTensor stored) => stored.ElementCount * stored.DType.BitsPerElement() / 8;
}
