using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge;

/// <summary>What would become of a tensor.</summary>
/// <param name="Name">Its name in the merged model.</param>
/// <param name="DType">Its element type there.</param>
/// <param name="Shape">Its shape there.</param>
/// <param name="Steps">What is done to it, in order, in words for people.</param>
public sealed record PlannedTensorChange(string Name, DType DType, ImmutableArray<long> Shape, ImmutableArray<string> Steps);
