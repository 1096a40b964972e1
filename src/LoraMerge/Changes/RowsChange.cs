using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>Rows that were trained whole: W[i] + c·(rows - W[i]).</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Values"><c>[rows, row length]</c>.</param>
/// <param name="Indices">Number of each row in W.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record RowsChange(int Adapter, string Module, StoredTensor Values, ImmutableArray<long> Indices, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => "rows";

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{Indices.Length} rows of {adapterName(Adapter)}");

    internal override long HeldBytes(WeightFacts weight) => checked(Values.ElementCount * weight.BufferElementBytes);

    internal override WeightDelta Load(DeltaInputs inputs) => new RowsDelta(inputs.ReadAsRows(Values), Indices, AdapterWeight);
}
