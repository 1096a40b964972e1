using System.Collections.Immutable;
using LoraMerge.Gguf.Layout;
using LoraMerge.Planning;

namespace LoraMerge.Formats.Gguf;

/// <summary>A file that is made of a merge's blocks.</summary>
/// <param name="File">Before its data.</param>
/// <param name="Tensors">What its tensors are made of.</param>
/// <param name="Planned">
/// What comes out of the merge for it, in the order of <paramref name="Tensors"/>: for each all of its sources, or a copy of its bytes in an earlier model.
/// </param>
internal sealed record MergedFile(GgufFile File, ImmutableArray<LayoutTensor> Tensors, PlannedShard Planned);
