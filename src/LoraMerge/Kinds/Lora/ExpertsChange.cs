using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;

namespace LoraMerge.Kinds.Lora;

/// <summary>P[e] + s·B_e·A_e for each expert e of a fused parameter, or for the one expert whose tensor this is.</summary>
/// <param name="Adapter"><inheritdoc/></param>
/// <param name="Module"><inheritdoc/></param>
/// <param name="A"><c>[experts·r, in]</c>, expert by expert.</param>
/// <param name="B"><c>[out, r·experts]</c>.</param>
/// <param name="Scaling">Scaling of the module times the weight of the adapter.</param>
/// <param name="Slice">Which part of the fused parameter the tensor is, and how the factors lie.</param>
internal sealed record ExpertsChange(int Adapter, string Module, StoredTensor A, StoredTensor B, double Scaling, ExpertSlice Slice)
    : WeightChange(Adapter, Module)
{
    public override string Method => Slice.IsTransposed ? "lora-experts-transposed" : "lora-experts";

    public override double Factor => Scaling;

    internal override long? DirectionCount => A.Shape[0] / Slice.Count;

    /// <summary>Fused experts are as large as many layers.</summary>
    internal override bool MayCutRows => true;

    public override string Describe(Func<int, string> adapterName) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{base.Describe(adapterName)}, rank {DirectionCount}, scaling {Scaling}, layout {ExpertLayouts.NameOf(Slice.Layout)}"
        );

    internal override long HeldBytes(WeightFacts weight) => ExpertFactors.BytesOf(B.ElementCount, weight.BufferElementBytes);

    internal override WeightDelta Load(DeltaInputs inputs) => ExpertFactors.Load(this, inputs);
}

/// <summary>Which part of a fused parameter <c>[experts, d1, d2]</c> a tensor of the base is, and how the factors lie.</summary>
/// <param name="Count">Number of experts.</param>
/// <param name="Expert">The expert that the tensor belongs to; null where it is the fused parameter of all.</param>
/// <param name="FirstRow">First row of the expert's d1 rows that the tensor has: up_proj begins behind gate_proj.</param>
/// <param name="RowCount">How many of them.</param>
/// <param name="IsTransposed">Whether each expert gets (B·A)ᵀ.</param>
/// <param name="Layout">Order of B's columns.</param>
internal sealed record ExpertSlice(int Count, int? Expert, long FirstRow, long RowCount, bool IsTransposed, ExpertLayout Layout);
