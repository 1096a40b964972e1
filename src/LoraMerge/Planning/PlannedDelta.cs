using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>A change of one tensor by one adapter; plain data, which the Deltas room turns into arithmetic.</summary>
/// <param name="Adapter">Number of the adapter in the request, from 0.</param>
/// <param name="Module">Module path in the live model, for messages.</param>
public abstract record PlannedDelta(int Adapter, string Module)
{
    /// <summary>What the manifest and the printed plan call it.</summary>
    public abstract string Method { get; }

    /// <summary>All adapters that have a part in it.</summary>
    public virtual ImmutableArray<int> Adapters => [Adapter];

    /// <summary>The factor on its product or values, with the weight of the adapter in it.</summary>
    public abstract double Factor { get; }

    /// <summary>W + s·B·A; transposed: W + s·(B·A)ᵀ for weights that are stored <c>[in, out]</c>.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="A"><c>[r, in…]</c>.</param>
    /// <param name="B"><c>[out, r…]</c>.</param>
    /// <param name="Scaling">Scaling of the module times the weight of the adapter.</param>
    /// <param name="IsTransposed">Whether the base stores <c>[in, out]</c>.</param>
    public sealed record LowRank(int Adapter, string Module, StoredTensor A, StoredTensor B, double Scaling, bool IsTransposed) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => IsTransposed ? "lora-transposed" : "lora";

        /// <inheritdoc/>
        public override double Factor => Scaling;

        /// <summary>KaSA's singular values between B and A, <c>[r]</c>; null otherwise.</summary>
        public StoredTensor? Diagonal { get; init; }

        /// <summary>Which of the projections that W fuses have a pair; B has rows for these alone. Empty where it has rows for all of W.</summary>
        public ImmutableArray<bool> EnabledProjections { get; init; } = [];

        /// <summary>Diagonal blocks that A is stored as; 1 where it is whole.</summary>
        public int ABlocks { get; init; } = 1;

        /// <summary>Diagonal blocks that B is stored as; 1 where it is whole.</summary>
        public int BBlocks { get; init; } = 1;
    }

    /// <summary>b + s·values: the trained bias of lora_B.</summary>
    public sealed record Added(int Adapter, string Module, StoredTensor Values, double Scaling) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "lora-bias";

        /// <inheritdoc/>
        public override double Factor => Scaling;
    }

    /// <summary>W + c·(values - W): a parameter that was trained whole, by an adapter with a weight c other than 1.</summary>
    public sealed record MovedTowards(int Adapter, string Module, StoredTensor Values, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "saved";

        /// <inheritdoc/>
        public override double Factor => AdapterWeight;
    }

    /// <summary>Rows of an embedding that were trained whole: W[i] + c·(rows - W[i]).</summary>
    public sealed record Rows(int Adapter, string Module, StoredTensor Values, ImmutableArray<long> Indices, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "rows";

        /// <inheritdoc/>
        public override double Factor => AdapterWeight;
    }

    /// <summary>W + c·(DoRA(W) - W), where DoRA rescales each output of V = W + s·B·A to its trained magnitude.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="Product">s·B·A; its scaling is the module's alone.</param>
    /// <param name="Magnitude">One number for each row or column of W.</param>
    /// <param name="IsByColumn">Whether outputs are columns of W: embeddings, and weights stored <c>[in, out]</c>.</param>
    /// <param name="AdapterWeight">c.</param>
    public sealed record Dora(int Adapter, string Module, LowRank Product, StoredTensor Magnitude, bool IsByColumn, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => HasNormOfStored ? "dora-stored-norm" : Product.IsTransposed ? "dora-transposed" : "dora";

        /// <summary>Whether the norms are those of the weight as stored, plus s·B·A not turned round: what PEFT 0.9 and 0.10 trained on square GPT-2 projections.</summary>
        public bool HasNormOfStored { get; init; }

        /// <inheritdoc/>
        public override double Factor => Product.Scaling * AdapterWeight;
    }

    /// <summary>P[e] + s·B_e·A_e for each expert e of a fused parameter, or for the one expert whose tensor this is.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="A"><c>[experts·r, in]</c>, expert by expert.</param>
    /// <param name="B"><c>[out, r·experts]</c>.</param>
    /// <param name="Scaling">Scaling of the module times the weight of the adapter.</param>
    /// <param name="Slice">Which part of the fused parameter the tensor is, and how the factors lie.</param>
    public sealed record Experts(int Adapter, string Module, StoredTensor A, StoredTensor B, double Scaling, ExpertSlice Slice) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => Slice.IsTransposed ? "lora-experts-transposed" : "lora-experts";

        /// <inheritdoc/>
        public override double Factor => Scaling;
    }

    /// <summary>The product of a module whose weight the base stores as a part of a larger tensor: one expert's gate within the fused weights of all.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="Product">s·B·A, or its transpose.</param>
    /// <param name="Place">Where in the tensor its weight lies.</param>
    public sealed record Part(int Adapter, string Module, LowRank Product, PartPlace Place) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => Product.Method + "-part";

        /// <inheritdoc/>
        public override double Factor => Product.Scaling;
    }

    /// <summary>W + c·(values - W) on a part of W: a module that was trained whole, whose weight the base stores within a larger tensor.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="Values">Rows and columns of the place.</param>
    /// <param name="Place">Where in the tensor they belong.</param>
    /// <param name="AdapterWeight">c.</param>
    public sealed record PartMovedTowards(int Adapter, string Module, StoredTensor Values, PartPlace Place, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "saved-part";

        /// <inheritdoc/>
        public override double Factor => AdapterWeight;
    }

    /// <summary>W - c·(a part of the base that training took away before it began): the base that the adapter was trained on.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="Removed">Which part.</param>
    /// <param name="Rank">How many components.</param>
    /// <param name="Scaling">s of the module, which OLoRA multiplies the part with; 1 for the others.</param>
    /// <param name="AdapterWeight">c.</param>
    public sealed record BaseReduced(int Adapter, string Module, BasePart Removed, int Rank, double Scaling, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => Removed switch
        {
            BasePart.LargestSingularValues => "base-without-principal",
            BasePart.SmallestSingularValues => "base-without-minor",
            _ => "base-without-qr",
        };

        /// <inheritdoc/>
        public override double Factor => Scaling * AdapterWeight;
    }

    /// <summary>k·W: a head that parts from an embedding whose tie made the model scale what comes into the head.</summary>
    /// <param name="Adapter"><inheritdoc/></param>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="Factor">k.</param>
    public sealed record Scaled(int Adapter, string Module, double Factor) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "scaled";

        /// <inheritdoc/>
        public override double Factor { get; } = Factor;
    }

    /// <summary>W, which must be equal to these values: a second copy of a tensor that is used once.</summary>
    public sealed record SameAs(int Adapter, string Module, StoredTensor Values) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "same";

        /// <inheritdoc/>
        public override double Factor => 0;
    }

    /// <summary>B·A of several adapters, made one low-rank change by one of PEFT's ways.</summary>
    /// <param name="Module"><inheritdoc/></param>
    /// <param name="Sources">What is combined, in the order of the request; adapters that do not change the module have no part.</param>
    /// <param name="Combination">How; its SVD rank is decided.</param>
    public sealed record Combined(string Module, ImmutableArray<CombinedSource> Sources, Combination Combination) : PlannedDelta(Sources[0].Factors.Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => Combination.Way.Text;

        /// <inheritdoc/>
        public override double Factor => 1;

        /// <inheritdoc/>
        public override ImmutableArray<int> Adapters => [.. Sources.Select(source => source.Factors.Adapter)];
    }
}

/// <summary>One adapter's part in a combined change.</summary>
/// <param name="Factors">Its B·A, whose scaling is the module's alone.</param>
/// <param name="AdapterWeight">The weight of the adapter.</param>
public sealed record CombinedSource(PlannedDelta.LowRank Factors, double AdapterWeight);

/// <summary>A rectangle of a tensor that is taken as rows of its last dimension.</summary>
/// <param name="FirstRow">Where it begins.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="FirstColumn">Where it begins in each row.</param>
/// <param name="ColumnCount">Its columns.</param>
/// <param name="ColumnStep">Their distance: 2 where it has every second one.</param>
public sealed record PartPlace(long FirstRow, long RowCount, long FirstColumn, long ColumnCount, int ColumnStep = 1)
{
    internal long EndColumn => FirstColumn + ((ColumnCount - 1) * ColumnStep) + 1;
}

/// <summary>A part of a base weight.</summary>
public enum BasePart
{
    /// <summary>Its r largest singular values with their vectors (PiSSA).</summary>
    LargestSingularValues,

    /// <summary>Its r smallest singular values with their vectors (KaSA).</summary>
    SmallestSingularValues,

    /// <summary>Its projection on its first r columns (OLoRA).</summary>
    FirstColumns,
}

/// <summary>Which part of a fused parameter <c>[experts, d1, d2]</c> a tensor of the base is, and how the factors lie.</summary>
/// <param name="Count">Number of experts.</param>
/// <param name="Expert">The expert that the tensor belongs to; null where it is the fused parameter of all.</param>
/// <param name="FirstRow">First row of the expert's d1 rows that the tensor has: up_proj begins behind gate_proj.</param>
/// <param name="RowCount">How many of them.</param>
/// <param name="IsTransposed">Whether each expert gets (B·A)ᵀ.</param>
/// <param name="Layout">Order of B's columns.</param>
public sealed record ExpertSlice(int Count, int? Expert, long FirstRow, long RowCount, bool IsTransposed, ExpertLayout Layout);
