using System.Collections.Immutable;

namespace LoraMerge.Tests.Kinds;

/// <summary>A base of a few tensors, an adapter of a kind for one of its weights, and what the merge must give.</summary>
/// <param name="Module">The module that is adapted.</param>
/// <param name="Base">The base's tensors, among them the module's weight.</param>
/// <param name="Fields">Fields of adapter_config.json besides <c>peft_type</c>, as JSON without braces.</param>
/// <param name="Adapter">The adapter's tensors.</param>
/// <param name="Expected">The tensors that change, with their values in float64, by the formula of the kind written plainly.</param>
internal sealed record KindExample(
    string Module,
    ImmutableArray<Matrix> Base,
    string Fields,
    ImmutableArray<Matrix> Adapter,
    Func<ImmutableDictionary<string, double[]>> Expected
)
{
    /// <summary>The base's config.json.</summary>
    public string Config { get; init; } = """{ "model_type": "llama" }""";

    /// <summary>Names of the adapter's tensors that may be left out, with another result.</summary>
    public ImmutableArray<string> Optional { get; init; } = [];

    /// <summary>Names of the adapter's tensors that only training needs.</summary>
    public ImmutableArray<string> Ignored { get; init; } = [];

    /// <summary>The module's weight.</summary>
    public Matrix Weight => Base.Single(tensor => tensor.Name == Module + ".weight");
}
