using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Shira;

/// <summary>SHiRA: single numbers of a weight, changed one by one.</summary>
internal sealed class ShiraKind : AdapterKind
{
    /// <summary><c>[n]</c>: what is added.</summary>
    public static TensorRole Values { get; } = new("shira_weight") { IsNeeded = true, Dimensions = [1] };

    /// <summary><c>[2, n]</c>: rows and columns; whole numbers, which PEFT on Windows saves as float32.</summary>
    public static TensorRole Places { get; } = new("shira_indices") { HoldsIndices = true, Dimensions = [2] };

    public override string PeftType => "SHIRA";

    public override string Does => "single numbers of weights, changed one by one";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Values, Places];

    internal override ImmutableArray<string> LeafPrefixes => ["shira_"];

    internal override ImmutableArray<string> Fields { get; } = ["init_weights", "mask_type", "r", "random_seed"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        new ShiraConfig(fields.Text("mask_type") is null or "random" ? fields.Integer("random_seed") : null);
}
