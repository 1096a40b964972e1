using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>A kind that is known and refused, as no tool can merge it.</summary>
internal sealed class UnmergedKind : AdapterKind
{
    private UnmergedKind(string peftType, string does, string whyNever, ImmutableArray<string> leafPrefixes)
    {
        PeftType = peftType;
        Does = does;
        WhyNever = whyNever;
        LeafPrefixes = leafPrefixes;
    }

    public override string PeftType { get; }

    public override string Does { get; }

    public override bool IsMerged => false;

    public override string WhyNever { get; }

    internal override ImmutableArray<string> LeafPrefixes { get; }

    /// <param name="peftType">Its name.</param>
    /// <param name="does">What it does.</param>
    /// <param name="why">Why no fixed weights do the same.</param>
    /// <param name="leafPrefixes">How its tensors' leaves begin.</param>
    public static UnmergedKind Never(string peftType, string does, string why, params ImmutableArray<string> leafPrefixes) =>
        new(peftType, does, why, leafPrefixes);

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        throw Errors.AdapterKindNotMergeable(fields.File, PeftType, WhyNever);
}
