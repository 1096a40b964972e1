using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;

namespace LoraMerge.Adapters;

/// <summary>What an adapter has learned for one module, and which changes of the base that makes.</summary>
/// <param name="Path">Module path in the live model.</param>
internal abstract record AdaptedModule(string Path)
{
    /// <summary>Its tensors by the names that messages give them: <c>lora_A</c>.</summary>
    internal abstract ImmutableArray<(string Name, StoredTensor Tensor)> Tensors { get; }

    /// <summary>Whether it is a layer with one weight; if not, it changes parameters of a module that has several, such as fused experts.</summary>
    internal virtual bool IsLayer => true;

    /// <summary>Whether it changes the weight.</summary>
    internal virtual bool ChangesWeight => true;

    /// <summary>Whether it changes the bias, where the base has one.</summary>
    internal virtual bool ChangesBias => NeedsBias is not null;

    /// <summary>The tensor for which the base has to have a bias; null where it need not have one.</summary>
    internal virtual StoredTensor? NeedsBias => null;

    /// <summary>The tensors with their shapes, for messages: <c>lora_A [8, 64] and lora_B [64, 8]</c>.</summary>
    internal string ShapesText => string.Join(" and ", Tensors.Select(pair => $"{pair.Name} {pair.Tensor.ShapeText}"));

    /// <summary>Whether this change of a head is that of the embedding which it is tied to, and so need not be applied again.</summary>
    internal virtual bool IsSameChangeFromHead(AdaptedModule embedding) => true;

    /// <summary>The changes of the weight, in the order of their application.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA4002, 4004, 4021: it does not fit.</exception>
    internal virtual IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) => throw new NotSupportedException();

    /// <summary>The changes of the bias.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA4002: it does not fit.</exception>
    internal virtual IEnumerable<WeightChange> ChangeBias(ModuleTarget bias) => throw new NotSupportedException();

    /// <summary>
    /// The changes of tensors that the module finds by itself; null where it changes its weight and bias, empty where the base has none of them.
    /// </summary>
    /// <param name="by">The adapter.</param>
    /// <param name="path">The module's path in the base's files.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3004, 3031, 4022.</exception>
    internal virtual ImmutableArray<TensorChange>? ChangeTensors(AppliedAdapter by, string path) => null;
}

/// <summary>A change of a tensor of the base.</summary>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Change">What happens to it.</param>
internal sealed record TensorChange(string Tensor, WeightChange Change);
