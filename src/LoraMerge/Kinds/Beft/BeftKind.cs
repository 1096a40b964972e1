using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Beft;

/// <summary>BEFT: what training added to biases.</summary>
internal sealed class BeftKind : AdapterKind
{
    /// <summary><c>[1, out]</c>.</summary>
    public static TensorRole Bias { get; } = new("beft_bias") { IsNeeded = true, Dimensions = [2] };

    public override string PeftType => "BEFT";

    public override string Does => "trained biases";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Bias];

    internal override ImmutableArray<string> LeafPrefixes => ["beft_"];

    internal override ImmutableArray<string> Fields { get; } = ["init_weights"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new BeftConfig();
}
