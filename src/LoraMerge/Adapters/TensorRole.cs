using System.Collections.Immutable;

namespace LoraMerge.Adapters;

/// <summary>What a tensor of an adapter file is for, by the end of its name: data, by which names are taken apart and tensors are sorted.</summary>
/// <param name="Leaf">The part of the name behind the module's path, such as <c>lora_A</c>; several parts with dots between them where it lies deeper.</param>
internal sealed record TensorRole(string Leaf)
{
    /// <summary>Who has such a tensor, or what becomes of it.</summary>
    public RoleUse Use { get; init; } = RoleUse.Module;

    /// <summary>
    /// The parameter behind a leaf that is a module, such as <c>weight</c> in <c>lora_A.weight</c>; null where the leaf is the parameter itself, behind which
    /// some dumps write <c>.weight</c>.
    /// </summary>
    public string? Parameter { get; init; }

    /// <summary>Whether every adapted module has to have one, or the adapter, where it is shared.</summary>
    public bool IsNeeded { get; init; }

    /// <summary>Whether there may be several, each with a key behind the leaf: <c>frod_V.self_attn_q_proj</c>, <c>tinylora_v.0</c>.</summary>
    public bool IsKeyed { get; init; }

    /// <summary>Whether it holds whole numbers, such as places in a weight. Some files hold these as floating-point numbers, too.</summary>
    public bool HoldsIndices { get; init; }

    /// <summary>Whether it may hold no elements: a kind may have nothing to say there.</summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>How many dimensions it may have; empty where the kind looks at that itself.</summary>
    public ImmutableArray<int> Dimensions { get; init; } = [];

    /// <summary>What messages call it.</summary>
    public string Name => Parameter is null or "weight" ? Leaf : $"{Leaf}.{Parameter}";
}

/// <summary>What becomes of a tensor of an adapter file.</summary>
internal enum RoleUse
{
    /// <summary>Each adapted module has its own.</summary>
    Module,

    /// <summary>The whole adapter has one, above all modules. Some releases write equal copies below every module.</summary>
    Shared,

    /// <summary>A whole parameter of the model, which replaces the base's: what was trained, below a name of its own.</summary>
    Parameter,

    /// <summary>Whole rows of an embedding, <c>[tokens, dim]</c>.</summary>
    Rows,

    /// <summary>The base tensor of an adapted module, below <c>base_layer</c>.</summary>
    BaseLayer,

    /// <summary>A saved module below <c>modules_to_save</c>, as raw state dumps name it.</summary>
    SavedCopy,

    /// <summary>What only training needed, or the untrained original of a saved module; whatever stands behind the leaf.</summary>
    Ignored,
}
