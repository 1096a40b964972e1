using LoraMerge.Safetensors;

namespace LoraMerge.Kinds.TinyLora;

/// <summary>What the projections of a module are drawn from.</summary>
/// <param name="Seed">Of the generator.</param>
/// <param name="Weight">The dtype of the base's weight, to which the layer rounds what was drawn.</param>
internal sealed record TinyLoraDraw(long Seed, DType Weight);
