using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Assembly;

/// <summary>Gives rows of a merged tensor as float32, unrounded.</summary>
/// <param name="tensor">Of the merged model.</param>
/// <param name="firstRow">A row is what the last dimension holds; a tensor of one dimension is one row. Of a tensor of three dimensions the rows are
/// those of all its matrices, one after the other.</param>
/// <param name="rowCount">How many rows.</param>
/// <param name="destination">Room for exactly these rows.</param>
/// <remarks>
/// Rows of a tensor are asked for in ascending order and once each, with two exceptions: a tensor that several tensors of the file take from (fused
/// experts, the halves of latent attention) is gone through once for each of them; and every other row is skipped where a step takes every other row.
/// </remarks>
internal delegate void MergedRows(SourceTensor tensor, long firstRow, int rowCount, Span<float> destination);
