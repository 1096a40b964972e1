using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.SuperTuning;

/// <summary>Super-Tuning: the largest numbers of a weight, changed one by one, and with "Supra" a product of small matrices beside them.</summary>
internal sealed class SuperTuningKind : AdapterKind
{
    /// <summary><c>[n]</c>: what is added.</summary>
    public static TensorRole Values { get; } = new("supertuning_values") { IsNeeded = true, Dimensions = [1] };

    /// <summary><c>[n]</c>: numbers of elements, counted row by row.</summary>
    public static TensorRole Places { get; } = new("supertuning_indices") { HoldsIndices = true, Dimensions = [1] };

    /// <summary><c>[r, in]</c>.</summary>
    public static TensorRole A { get; } = new("supertuning_lora_A") { Parameter = "weight", Dimensions = [2] };

    /// <summary><c>[out, r]</c>.</summary>
    public static TensorRole B { get; } = new("supertuning_lora_B") { Parameter = "weight", Dimensions = [2] };

    public override string PeftType => "SUPERTUNING";

    public override string Does => "the largest numbers of weights, changed one by one";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Values, Places, A, B];

    internal override ImmutableArray<string> LeafPrefixes => ["supertuning_"];

    internal override ImmutableArray<string> Fields { get; } =
    ["init_weights", "lora_alpha", "lora_dropout", "r", "save_precomputed_indices", "select_top", "sparsity"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        int? rank = fields.Integer("r");
        bool selectsLeast = fields.Has("select_top") && !fields.Flag("select_top");
        return new SuperTuningConfig(fields.Number("sparsity") ?? 0.99, selectsLeast, rank is null ? null : fields.Number("lora_alpha") ?? (2 * rank));
    }
}
