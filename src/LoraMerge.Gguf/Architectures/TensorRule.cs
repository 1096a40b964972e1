using System.Collections.Immutable;

namespace LoraMerge.Gguf.Architectures;

/// <summary>A row of an architecture's table: where a tensor of the file comes from.</summary>
/// <param name="Target">Its name in the file; <c>N</c> stands for the number of each layer.</param>
/// <param name="Source">Its name in Hugging Face's folder; <c>N</c> as above, <c>E</c> for the number of each expert or head: these are stacked.</param>
/// <param name="Shape">Of each source, by the names of <see cref="Sizes"/>.</param>
internal sealed record TensorRule(string Target, string Source, string Shape)
{
    /// <summary>What happens to it, after the stacking.</summary>
    public ImmutableArray<Func<Sizes, Step>> Steps { get; init; } = [];

    /// <summary>The size that says how many are stacked.</summary>
    public string Stacked { get; init; } = "experts";

    /// <summary>Whether a model may lack it.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Which layers have it; null for all.</summary>
    public Func<long, bool>? Layers { get; init; }

    /// <summary>Another way to the same tensor, where the source is not there.</summary>
    public TensorRule? Else { get; init; }

    /// <summary>The same, with one more step at the end.</summary>
    public TensorRule Then(Func<Sizes, Step> step) => this with { Steps = Steps.Add(step) };

    public TensorRule Optional() => this with { IsOptional = true };

    public TensorRule In(Func<long, bool> layers) => this with { Layers = layers };
}
