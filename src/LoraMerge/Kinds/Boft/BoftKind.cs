using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Boft;

/// <summary>BOFT: a rotation of the inputs that is a product of sparse ones, each of small blocks (a butterfly).</summary>
internal sealed class BoftKind : AdapterKind
{
    /// <summary><c>[factors, blocks, n, n]</c>: of each block the skew-symmetric part counts.</summary>
    public static TensorRole Blocks { get; } = new("boft_R") { IsNeeded = true, Dimensions = [4] };

    /// <summary>One factor for each output: <c>[out, 1]</c>, or <c>[1, out]</c> of convolutions.</summary>
    public static TensorRole Factors { get; } = new("boft_s") { IsNeeded = true, Dimensions = [2] };

    public override string PeftType => "BOFT";

    public override string Does => "rotations of weights, made of many small ones";

    /// <summary>Up to PEFT 0.12 the permutations were saved, which follow from the sizes.</summary>
    internal override ImmutableArray<TensorRole> Roles { get; } = [Blocks, Factors, new("boft_P") { Use = RoleUse.Ignored }];

    internal override ImmutableArray<string> LeafPrefixes => ["boft_"];

    internal override ImmutableArray<string> Fields { get; } = ["boft_block_num", "boft_block_size", "boft_dropout", "boft_n_butterfly_factor", "init_weights"];

    /// <summary>PEFT writes every field; a configuration by hand rarely has this one.</summary>
    internal override ImmutableArray<FirstWritten> FieldHistory { get; } = [new("0.11.0", ["boft_dropout"])];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new BoftConfig(general.Origin);
}
