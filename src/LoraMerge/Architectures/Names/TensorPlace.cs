namespace LoraMerge.Architectures.Names;

/// <summary>Where a trained tensor lies in the base: a tensor of a file, and which rows of either are the other's.</summary>
/// <param name="Tensor">Name of the tensor in the base's files.</param>
/// <param name="OfFile">Rows of the file's tensor that are trained.</param>
/// <param name="OfTrained">Rows of the trained tensor that lie there.</param>
internal sealed record TensorPlace(string Tensor, RowShare OfFile, RowShare OfTrained)
{
    /// <summary>Whether the two are one tensor.</summary>
    public bool IsWhole => OfFile.IsWhole && OfTrained.IsWhole;
}
