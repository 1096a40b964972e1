using System.Collections.Immutable;
using LoraMerge.Combinations;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>One way in which adapters change a weight: the smallest model that has it, and its formula written directly.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Base">Tensors of the base, bfloat16.</param>
/// <param name="Adapters">The adapters, in order.</param>
/// <param name="Direct">The formula.</param>
internal sealed record Form(string Name, ImmutableArray<NamedShape> Base, ImmutableArray<FormAdapter> Adapters, Action<Workspace> Direct)
{
    /// <summary>A square weight, of the size that all forms have.</summary>
    public const long Side = 4096;

    /// <summary>Elements of <see cref="Side"/>² and, as near as their shape allows, of every form.</summary>
    public const int Rank = 16;

    /// <summary>alpha / r of every adapter.</summary>
    public const float Scaling = 2;

    /// <summary>Contents of config.json.</summary>
    public string Config { get; init; } = """{ "model_type": "llama", "tie_word_embeddings": false }""";

    public Combination Combination { get; init; } = Combination.Sequential;

    /// <summary>The tensor to measure, where the model has others that change too; null for all that change.</summary>
    public string? Measured { get; init; }

    /// <summary>Whether both sides compute the same numbers: not where each draws its own.</summary>
    public bool IsComparable { get; init; } = true;
}

/// <summary>A tensor to make.</summary>
/// <param name="Name">Its name; of an adapter without the prefix of PEFT.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record NamedShape(string Name, params ImmutableArray<long> Shape)
{
    /// <summary>Makes the number at a place of a random one; null to take that.</summary>
    public Func<long, float, float>? NumberAt { get; init; }
}

/// <summary>An adapter to make.</summary>
/// <param name="Fields">Fields of adapter_config.json, on top of a plain LoRA's.</param>
/// <param name="Tensors">Its tensors, float32.</param>
internal sealed record FormAdapter(string Fields, params ImmutableArray<NamedShape> Tensors)
{
    public double Weight { get; init; } = 1;

    /// <summary>Written by mlx_lm, not by PEFT.</summary>
    public bool IsMlx { get; init; }

    public string? Release { get; init; }

    /// <summary>A plain LoRA of one linear layer.</summary>
    public static FormAdapter Lora(string module, long outputs, long inputs, string fields = "", params ImmutableArray<NamedShape> more) =>
        new(fields, [new NamedShape($"{module}.lora_A.weight", Form.Rank, inputs), new NamedShape($"{module}.lora_B.weight", outputs, Form.Rank), .. more]);
}
