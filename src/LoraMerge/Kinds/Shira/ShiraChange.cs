using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Shira;

/// <summary>W with numbers added at single places.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Values"><c>[n]</c>.</param>
/// <param name="Places"><c>[2, n]</c>: rows and columns; null where a seed draws them.</param>
/// <param name="Seed">Draws the places where they are not stored.</param>
/// <param name="AdapterWeight">c.</param>
/// <remarks>SHiRA, arXiv 2406.13175; PEFT, <c>shira/layer.py get_delta_weight</c> and <c>mask_functions.random_mask</c>: what is drawn is a mask, so places
/// count in their own order, not in that of the draw.</remarks>
internal sealed record ShiraChange(int Adapter, string Module, StoredTensor Values, StoredTensor? Places, int? Seed, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => Places is null ? "shira-seeded" : "shira";

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Values.ElementCount} numbers");

    /// <summary>Numbers, places, and places for searching.</summary>
    internal override long HeldBytes(WeightFacts weight) => checked(Values.ElementCount * 24);

    internal override long LoadingBytes(WeightFacts weight) => checked((Values.ElementCount * 48) + (Places is null ? SeededPlaces.LoadingBytes(weight) : 0));

    internal override WeightDelta Load(DeltaInputs inputs) => ShiraDelta.Load(this, inputs);
}
