using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Deltas;

namespace LoraMerge.Combinations;

/// <summary>B·A of several adapters, made one low-rank change by one of PEFT's ways.</summary>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Sources">What is combined, in the order of the request; adapters that do not change the module have no part.</param>
/// <param name="Combination">How; its SVD rank is decided.</param>
internal sealed record CombinedChange(string Module, ImmutableArray<CombinedSource> Sources, Combination Combination) : WeightChange(Sources[0].Adapter, Module)
{
    public override string Method => Combination.Way.Text;

    public override double Factor => 1;

    public override ImmutableArray<int> Adapters => [.. Sources.Select(source => source.Adapter)];

    public override string Describe(Func<int, string> adapterName) =>
        $"{Method} of {string.Join(" and ", Sources.Select(source => $"{adapterName(source.Adapter)} ({Describe(source)})"))}";

    internal override long LoadingBytes(WeightFacts weight) =>
        Combination.Way.NeedsWholeProducts ? CombinationMemory.BytesOf(weight.ElementCount, Sources.Length, weight.BufferElementBytes) : 0;

    internal override WeightDelta Load(DeltaInputs inputs) => CombinedDeltas.Load(this, inputs.Files, inputs.DType, inputs.Device);

    private static string Describe(CombinedSource source) =>
        string.Create(CultureInfo.InvariantCulture, $"rank {source.Factors.Rank}, scaling {source.Factors.Scaling}, weight {source.AdapterWeight}");
}

/// <summary>One adapter's part in a combined change.</summary>
/// <param name="Adapter">Number of the adapter in the request, from 0.</param>
/// <param name="Factors">Its B·A, whose scaling is the module's alone.</param>
/// <param name="AdapterWeight">The weight of the adapter.</param>
internal sealed record CombinedSource(int Adapter, LowRankForm Factors, double AdapterWeight);
