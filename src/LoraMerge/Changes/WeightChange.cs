using System.Collections.Immutable;
using LoraMerge.Deltas;

namespace LoraMerge.Changes;

/// <summary>A change of one tensor by one adapter: plain data, that can be printed and compared, and from which its arithmetic is made.</summary>
/// <param name="Adapter">Number of the adapter in the request, from 0.</param>
/// <param name="Module">Module path in the live model, for messages.</param>
/// <remarks>
/// All that decides the result is a public property, so that tensors are made anew when it changes: <c>Incremental/Recipes</c> takes every public property.
/// </remarks>
internal abstract record WeightChange(int Adapter, string Module)
{
    /// <summary>What the manifest and the printed plan call it.</summary>
    public abstract string Method { get; }

    /// <summary>The factor on its product or values, with the weight of the adapter in it.</summary>
    public abstract double Factor { get; }

    /// <summary>All adapters that have a part in it.</summary>
    public virtual ImmutableArray<int> Adapters => [Adapter];

    /// <summary>When it is applied.</summary>
    internal virtual ChangeStage Stage => ChangeStage.Change;

    /// <summary>Whether it has to be shown the whole tensor before it can change any of it.</summary>
    internal virtual bool SeesWholeFirst => false;

    /// <summary>
    /// Whether it can be applied to a piece of a row: the tensor may then be cut along its last dimension, where a row is as large as many layers.
    /// </summary>
    internal virtual bool MayCutRows => false;

    /// <summary>Rows that it has to be given together, counted from the first: 1 unless rows are mixed in groups.</summary>
    internal virtual long RowsTogether => 1;

    /// <summary>Whether it can be applied to a weight that is stored as a part of a larger tensor, the other rows and columns of which it never sees.</summary>
    internal virtual bool CanBePart => false;

    /// <summary>What it does to some of the weight's rows, as if these were the whole weight; null where that needs the others.</summary>
    internal virtual WeightChange? OfRows(long first, long count) => null;

    /// <summary>How many directions it has; null where it is no product of two factors.</summary>
    internal virtual long? DirectionCount => null;

    /// <summary>Its product B·A, if that is all that it adds: what ways to combine work on. Null otherwise.</summary>
    internal virtual LowRankForm? LowRank => null;

    /// <summary>For people: what it does, by which adapter.</summary>
    /// <param name="adapterName">Name of an adapter by its number.</param>
    public virtual string Describe(Func<int, string> adapterName) => $"{Method} of {adapterName(Adapter)}";

    /// <summary>
    /// The most that its arithmetic holds while the tensor is worked on, besides the blocks of the merge. Pieces, numbers per row or column and factors of a
    /// small rank are too few to count.
    /// </summary>
    internal virtual long HeldBytes(WeightFacts weight) => 0;

    /// <summary>The most that is held for a moment while its arithmetic is made.</summary>
    internal virtual long LoadingBytes(WeightFacts weight) => 0;

    /// <summary>Reads the adapter's tensors and makes the arithmetic.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3013: a number of the adapter is not finite.</exception>
    internal abstract WeightDelta Load(DeltaInputs inputs);
}

/// <summary>In which order the changes of a tensor are applied; within a stage, adapter by adapter.</summary>
internal enum ChangeStage
{
    /// <summary>A look at the tensor as it is.</summary>
    Check,

    /// <summary>What training took from the base before it began.</summary>
    Reduction,

    /// <summary>What was trained.</summary>
    Change,
}
