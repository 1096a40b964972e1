using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>A kind of adapter: its name in adapter_config.json, its tensors, its history, and how its configuration is read.</summary>
/// <remarks>A kind is a folder of <c>Kinds</c>, and found by its class; docs/adding-an-adapter-kind.md leads through one.</remarks>
internal abstract class AdapterKind
{
    /// <summary>The <c>peft_type</c>.</summary>
    public abstract string PeftType { get; }

    /// <summary>What such an adapter does, in half a sentence that begins in lower case.</summary>
    public abstract string Does { get; }

    /// <summary>Whether this release merges it; if not, <see cref="WhyNever"/> says whether any could.</summary>
    public virtual bool IsMerged => true;

    /// <summary>Why no tool can merge it; null where one can.</summary>
    public virtual string? WhyNever => null;

    /// <summary>Its tensors.</summary>
    internal virtual ImmutableArray<TensorRole> Roles => [];

    /// <summary>How parts of a name begin that only adapters of this kind have, by which such a name is known in files of all kinds.</summary>
    internal virtual ImmutableArray<string> LeafPrefixes => [.. Roles.Select(role => role.Leaf.Split('.')[0]).Distinct(StringComparer.Ordinal)];

    /// <summary>Fields of adapter_config.json that only this kind has, and that are read or do not change the merge.</summary>
    internal virtual ImmutableArray<string> Fields => [];

    /// <summary>Fields by the first release that writes them, the oldest first, besides those that all kinds have.</summary>
    internal virtual ImmutableArray<FirstWritten> FieldHistory => [];

    /// <summary>Fields that only its first releases had.</summary>
    internal virtual (VersionRange Releases, ImmutableArray<string> Fields)? GoneFields => null;

    /// <summary>The releases that had the kind, where that dates a file; null where it does not.</summary>
    internal virtual VersionRange? Releases => null;

    /// <summary>Releases that trained biases of adapted modules and did not save them; null where there are none.</summary>
    internal virtual VersionRange? LostBiases => null;

    /// <summary>The same where the biases of all modules were trained.</summary>
    internal virtual VersionRange? LostBiasesOfAll => null;

    /// <summary>The field that names the tokens whose rows it holds.</summary>
    internal virtual string TokensField => "trainable_token_indices";

    /// <summary>Tensors that stand for nothing: a trainer saves them without elements where a model has no such layer.</summary>
    internal virtual IEnumerable<StoredTensor> Placeholders(IReadOnlyCollection<StoredTensor> tensors) => [];

    /// <summary>Reads what only this kind has; refuses by name what cannot be merged to the model that was trained.</summary>
    /// <param name="fields">adapter_config.json.</param>
    /// <param name="general">What was read of it already.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA3002, 3006, 3007, 3016, 3030.</exception>
    internal abstract KindConfig ReadConfig(ConfigFields fields, AdapterConfig general);
}
