using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Lora;

/// <summary>The tensors of LoRA and of its variants.</summary>
internal static class LoraRoles
{
    /// <summary><c>[r, in]</c>.</summary>
    public static TensorRole A { get; } = new("lora_A") { Parameter = "weight" };

    /// <summary><c>[out, r]</c>.</summary>
    public static TensorRole B { get; } = new("lora_B") { Parameter = "weight" };

    /// <summary><c>[out]</c>: added to the base bias, times scaling.</summary>
    public static TensorRole BBias { get; } = new("lora_B") { Parameter = "bias" };

    /// <summary><c>[r, vocabulary]</c>.</summary>
    public static TensorRole EmbeddingA { get; } = new("lora_embedding_A");

    /// <summary><c>[dim, r]</c>.</summary>
    public static TensorRole EmbeddingB { get; } = new("lora_embedding_B");

    /// <summary>DoRA's, one number for each output.</summary>
    public static TensorRole Magnitude { get; } = new("lora_magnitude_vector");

    /// <summary>KaSA's, <c>[r]</c>.</summary>
    public static TensorRole Diagonal { get; } = new("lora_diag");

    /// <summary>With the state of VeLoRA's and MonteCLoRA's training.</summary>
    public static ImmutableArray<TensorRole> All { get; } =
    [
        A, B, BBias, EmbeddingA, EmbeddingB, Magnitude, Diagonal,
        new("lora_velora_embed") { Use = RoleUse.Ignored },
        new("lora_monteclora_sampler") { Use = RoleUse.Ignored },
    ];
}
