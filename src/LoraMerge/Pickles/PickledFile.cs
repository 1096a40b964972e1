using System.Collections.Immutable;

namespace LoraMerge.Pickles;

/// <summary>What a file of <c>torch.save</c> holds.</summary>
/// <param name="Tensors">Its tensors, in the order of their bytes.</param>
/// <param name="Checksums">Of the bytes that they take, in the same order; none in the format before PyTorch 1.6, which has no checksums.</param>
internal sealed record PickledFile(ImmutableArray<PickledTensor> Tensors, ImmutableArray<ChecksumRange> Checksums);
