namespace LoraMerge.Tests.Pickles;

/// <summary>What a pickle says of a tensor.</summary>
internal sealed record TinyTensor(string Key, params long[] Shape)
{
    public string StorageClass { get; init; } = "FloatStorage";

    /// <summary>Elements of the storage; null for as many as the shape has.</summary>
    public long? StorageLength { get; init; }

    public long Offset { get; init; }

    /// <summary>Null for elements that follow one another.</summary>
    public long[]? Strides { get; init; }

    public static long[] StridesOf(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long step = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step = unchecked(step * shape[i]);
        }
        return strides;
    }
}
