using System.Collections.Immutable;
using LoraMerge.Planning;

namespace LoraMerge;

/// <summary>A merge that was planned and not done.</summary>
/// <param name="BaseName">Name of the base model.</param>
/// <param name="AdapterNames">Names of the adapters, in order.</param>
/// <param name="Plan">What would be done.</param>
/// <param name="MemoryBytes">About how much memory it would hold.</param>
public sealed record PlannedMerge(string BaseName, ImmutableArray<string> AdapterNames, MergePlan Plan, long MemoryBytes);
