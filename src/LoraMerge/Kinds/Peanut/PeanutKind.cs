using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Peanut;

/// <summary>PEANuT: a small network whose input is the weight.</summary>
internal sealed class PeanutKind : AdapterKind
{
    /// <summary><c>[r, out]</c>.</summary>
    public static TensorRole A { get; } = new("peanut_A") { Parameter = "weight", IsNeeded = true, Dimensions = [2] };

    /// <summary><c>[out, r]</c>.</summary>
    public static TensorRole B { get; } = new("peanut_B") { Parameter = "weight", IsNeeded = true, Dimensions = [2] };

    /// <summary><c>[r, r]</c>, by number.</summary>
    public static TensorRole Encoders { get; } = new("peanut_encoders") { IsKeyed = true, Dimensions = [2] };

    /// <summary><c>[r, r]</c>, by number.</summary>
    public static TensorRole Decoders { get; } = new("peanut_decoders") { IsKeyed = true, Dimensions = [2] };

    public override string PeftType => "PEANUT";

    public override string Does => "small networks that turn a weight into what is added to it";

    internal override ImmutableArray<TensorRole> Roles { get; } = [A, B, Encoders, Decoders];

    internal override ImmutableArray<string> LeafPrefixes => ["peanut_"];

    internal override ImmutableArray<string> Fields { get; } = ["act_fn", "depth", "init_weights", "r", "scaling"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        string activation = fields.Text("act_fn") ?? "relu";
        if (!PeanutConfig.Activations.Contains(activation))
            throw Errors.AdapterFormNotYetSupported(fields.File, "a PEANuT adapter of another activation", $"\"act_fn\" is \"{activation}\"");
        return new PeanutConfig(fields.Integer("depth") ?? 0, activation, fields.Number("scaling") ?? 1);
    }
}
