using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Hira;

/// <summary>HiRA: each number of a weight grows or shrinks by a share that two small matrices give.</summary>
internal sealed class HiraKind : AdapterKind
{
    /// <summary><c>[r, in]</c>, of convolutions <c>[r, in, k…]</c>.</summary>
    public static TensorRole A { get; } = new("hira_A");

    /// <summary><c>[out, r]</c>, of convolutions <c>[out, r, 1…]</c>.</summary>
    public static TensorRole B { get; } = new("hira_B");

    /// <summary><c>[r, vocabulary]</c>.</summary>
    public static TensorRole EmbeddingA { get; } = new("hira_embedding_A") { Dimensions = [2] };

    /// <summary><c>[dim, r]</c>.</summary>
    public static TensorRole EmbeddingB { get; } = new("hira_embedding_B") { Dimensions = [2] };

    public override string PeftType => "HIRA";

    public override string Does => "small matrices whose product multiplies weights element by element";

    internal override ImmutableArray<TensorRole> Roles { get; } = [A, B, EmbeddingA, EmbeddingB];

    internal override ImmutableArray<string> LeafPrefixes => ["hira_"];

    internal override ImmutableArray<string> Fields { get; } = ["hira_dropout", "init_weights", "r", "rank_pattern"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new HiraConfig();
}
