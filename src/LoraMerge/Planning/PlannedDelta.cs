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
    }

    /// <summary>b + s·values: the trained bias of lora_B.</summary>
    public sealed record Added(int Adapter, string Module, StoredTensor Values, double Scaling) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "lora-bias";
    }

    /// <summary>W + c·(values - W): a parameter that was trained whole, by an adapter with a weight c other than 1.</summary>
    public sealed record MovedTowards(int Adapter, string Module, StoredTensor Values, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "saved";
    }

    /// <summary>Rows of an embedding that were trained whole: W[i] + c·(rows - W[i]).</summary>
    public sealed record Rows(int Adapter, string Module, StoredTensor Values, ImmutableArray<long> Indices, double AdapterWeight) : PlannedDelta(Adapter, Module)
    {
        /// <inheritdoc/>
        public override string Method => "rows";
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
        public override ImmutableArray<int> Adapters => [.. Sources.Select(source => source.Factors.Adapter)];
    }
}

/// <summary>One adapter's part in a combined change.</summary>
/// <param name="Factors">Its B·A, whose scaling is the module's alone.</param>
/// <param name="AdapterWeight">The weight of the adapter.</param>
public sealed record CombinedSource(PlannedDelta.LowRank Factors, double AdapterWeight);
