using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.TrainableTokens;

/// <summary>Rows of the embedding for a few tokens, as an adapter of its own.</summary>
internal sealed class TrainableTokensKind : AdapterKind
{
    public override string PeftType => "TRAINABLE_TOKENS";

    public override string Does => "rows of the embedding for a few tokens";

    internal override ImmutableArray<TensorRole> Roles { get; } =
    [
        new("trainable_tokens_delta") { Use = RoleUse.Rows },
        new("trainable_tokens_original") { Use = RoleUse.Ignored },
    ];

    internal override ImmutableArray<string> LeafPrefixes => ["trainable_tokens_"];

    internal override string TokensField => "token_indices";

    internal override ImmutableArray<string> Fields { get; } = ["init_weights", "token_indices"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new TrainableTokensConfig();
}
