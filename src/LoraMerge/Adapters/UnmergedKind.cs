using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>A kind that is known and refused: one that no tool can merge, or one that this release does not merge yet.</summary>
internal sealed class UnmergedKind : AdapterKind
{
    private UnmergedKind(string peftType, string does, string? whyNever, ImmutableArray<string> leafPrefixes)
    {
        PeftType = peftType;
        Does = does;
        WhyNever = whyNever;
        LeafPrefixes = leafPrefixes;
    }

    public override string PeftType { get; }

    public override string Does { get; }

    public override bool IsMerged => false;

    public override string? WhyNever { get; }

    internal override ImmutableArray<string> LeafPrefixes { get; }
    /// <param name="peftType">Its name.</param>
    /// <param name="does">What it does.</param>
    /// <param name="why">Why no fixed weights do the same.</param>
    /// <param name="leafPrefixes">How its tensors' leaves begin.</param>
    public static UnmergedKind Never(string peftType, string does, string why, params ImmutableArray<string> leafPrefixes) =>
        new(peftType, does, why, leafPrefixes);

    /// <param name="peftType">Its name.</param>
    /// <param name="does">What it does.</param>
    /// <param name="leafPrefixes">How its tensors' leaves begin.</param>
    public static UnmergedKind NotYet(string peftType, string does, params ImmutableArray<string> leafPrefixes) => new(peftType, does, null, leafPrefixes);

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => throw (WhyNever is null
        ? Errors.AdapterFormNotYetSupported(fields.File, PeftType, "peft_type")
        : Errors.AdapterKindNotMergeable(fields.File, PeftType, WhyNever));
}
