using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.SuperTuning;

/// <summary>W with numbers added at single places.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Values"><c>[n]</c>.</param>
/// <param name="Places"><c>[n]</c>, counted row by row; null for those of the n largest numbers of the base.</param>
/// <param name="SelectsLeast">Whether it is the n least instead.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record SuperTuningChange(int Adapter, string Module, StoredTensor Values, StoredTensor? Places, bool SelectsLeast, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => Places is null ? "supertuning-found" : "supertuning";

    public override double Factor => AdapterWeight;

    internal override bool SeesWholeFirst => Places is null;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Values.ElementCount} numbers");

    /// <summary>Numbers, places, and places for searching; and to find them the weight, with its places beside it while it is sorted.</summary>
    internal override long HeldBytes(WeightFacts weight) =>
        checked((Values.ElementCount * 72) + (Places is null ? weight.ElementCount * (weight.BufferElementBytes + 24) : 0));

    internal override WeightDelta Load(DeltaInputs inputs) => Places is null ? new FoundPlacesDelta(this, inputs) : FoundPlacesDelta.OfStored(this, inputs);
}
