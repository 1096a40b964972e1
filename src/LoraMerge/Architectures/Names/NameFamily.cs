using System.Collections.Frozen;
using System.Collections.Immutable;

namespace LoraMerge.Architectures.Names;

/// <summary>A row of the table: the names of one class or type of models.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="ModelTypes">Values of <c>model_type</c> that it is for.</param>
/// <param name="Classes">Names of classes that it is for, with the <c>model_type</c> of their configuration, if that is known.</param>
/// <param name="Steps">What renames, in order.</param>
/// <param name="Converters">What splits and joins afterwards; the first that matches acts.</param>
internal sealed record NameFamily(
    string Name,
    FrozenSet<string> ModelTypes,
    FrozenDictionary<string, string?> Classes,
    ImmutableArray<NameStep> Steps,
    ImmutableArray<NameConverter> Converters
);
