using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Hra;

/// <summary>W·H, where H is a product of reflections.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="Normals"><c>[in, r]</c>.</param>
/// <param name="IsOrthonormalised">Whether the normals are made orthonormal first.</param>
/// <param name="AdapterWeight">c.</param>
internal sealed record HraChange(int Adapter, string Module, StoredTensor Normals, bool IsOrthonormalised, double AdapterWeight) : WeightChange(Adapter, Module)
{
    public override string Method => "hra";

    public override double Factor => AdapterWeight;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(CultureInfo.InvariantCulture, $"{base.Describe(adapterName)}, {Normals.RowLength} reflections");

    internal override WeightDelta Load(DeltaInputs inputs) => HraDelta.Of(inputs.Read(Normals), IsOrthonormalised, AdapterWeight);
}
