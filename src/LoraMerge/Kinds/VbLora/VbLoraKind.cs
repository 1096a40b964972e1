using System.Collections.Immutable;
using LoraMerge.Adapters;
using NuGet.Versioning;

namespace LoraMerge.Kinds.VbLora;

/// <summary>VB-LoRA: low-rank matrices of vectors that one bank holds for all modules.</summary>
internal sealed class VbLoraKind : AdapterKind
{
    internal static readonly TensorRole Bank = new("vblora_vector_bank") { Use = RoleUse.Shared, IsNeeded = true, Dimensions = [2] };
    internal static readonly MixRoles A = new("vblora_logits_A");
    internal static readonly MixRoles B = new("vblora_logits_B");

    public override string PeftType => "VBLORA";

    public override string Does => "small matrices that are mixed from one bank of vectors, and whose product is added to weights";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Bank, .. A.All, .. B.All];

    internal override ImmutableArray<string> LeafPrefixes => ["vblora_"];

    internal override ImmutableArray<string> Fields { get; } =
    ["init_logits_std", "init_vector_bank_bound", "num_vectors", "r", "runtime_config", "save_only_topk_weights", "topk", "vblora_dropout", "vector_length"];

    internal override VersionRange? LostBiases => PeftHistory.BiasesNotSaved;

    internal override VersionRange? LostBiasesOfAll => PeftHistory.BiasesNotSaved;

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new VbLoraConfig(
        fields.Rank("r"), fields.Has("topk") ? fields.Rank("topk") : VbLoraConfig.DefaultMixedCount);
}
