using System.Globalization;
using LoraMerge.Safetensors;

namespace LoraMerge.Comparing;

/// <summary>How something in one model differs from its like in another.</summary>
public enum DiffKind
{
    /// <summary>Only the first model has it.</summary>
    OnlyInFirst,

    /// <summary>Only the second model has it.</summary>
    OnlyInSecond,

    /// <summary>Both have it, with other shapes or with dtypes that cannot be compared.</summary>
    Form,

    /// <summary>Both have it, with other contents.</summary>
    Values,
}

/// <summary>A tensor that is not the same in two models.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="Kind">How they differ.</param>
/// <param name="DType">Its dtype in the first model, or in the one that has it.</param>
/// <param name="ElementCount">Its elements there.</param>
public sealed record TensorDiff(string Name, DiffKind Kind, DType DType, long ElementCount)
{
    /// <summary>What its values lie as in a GGUF file, such as <c>Q4_K</c>; null for others.</summary>
    public string? BlockType { get; init; }

    /// <summary>Dtypes and shapes, where they are not the same: <c>BF16 against F32</c>.</summary>
    public string? Forms { get; init; }

    /// <summary>Elements that differ; of one dtype by their bits, of two by their values.</summary>
    public long DifferentElements { get; init; }

    /// <summary>
    /// Norm of the difference, as a share of the norm in the first model (both Frobenius, over the finite elements, in float64); null where there is none, or
    /// its squares are beyond float64.
    /// </summary>
    public double? RelativeNorm { get; init; }

    /// <summary>
    /// Largest difference of two elements; infinite where one is no finite number and the other is another. Null for dtypes that are not floating-point.
    /// </summary>
    public double? LargestDifference { get; init; }

    /// <summary>Their largest distance in units of the last place; null where the dtypes differ or have none.</summary>
    public long? LargestUlps { get; init; }

    /// <summary>One line, without the name.</summary>
    /// <param name="first">What the first model is called.</param>
    /// <param name="second">What the second model is called.</param>
    public string Describe(string first, string second) => Kind switch
    {
        DiffKind.OnlyInFirst => $"only in {first}",
        DiffKind.OnlyInSecond => $"only in {second}",
        DiffKind.Form => Forms!,
        _ => string.Join(", ", DescribeValues()),
    };

    private IEnumerable<string> DescribeValues()
    {
        if (Forms is not null)
            yield return Forms;
        yield return DifferentElements == 0 ? "equal values"
            : string.Create(CultureInfo.InvariantCulture, $"{DifferentElements} of {ElementCount} elements differ");
        if (DifferentElements == 0)
            yield break;
        if (RelativeNorm is double share)
            yield return string.Create(CultureInfo.InvariantCulture, $"by {share * 100:G3} % of its norm");
        if (LargestDifference is double largest)
            yield return string.Create(CultureInfo.InvariantCulture, $"at most by {largest:G3}{(LargestUlps is long ulps ? $" ({ulps} ulp)" : "")}");
    }
}
