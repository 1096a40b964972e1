using System.Globalization;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Architectures;

/// <summary>The keys of an architecture in a file that somebody else wrote.</summary>
/// <param name="model">The file.</param>
/// <param name="architecture">Its <c>general.architecture</c>, which each key begins with.</param>
internal sealed class GgufKeys(GgufModel model, string architecture)
{
    private const int MostNumbers = 1 << 16;

    public bool HasTensor(string name) => model.TryFind(name, out _);

    public bool Has(string key) => model.Metadata.TryGet($"{architecture}.{key}", out _);

    public long Count(string key) => CountOrNull(key) ?? throw NotRestorable($"{architecture}.{key}", "a count");

    public long? CountOrNull(string key) => model.Metadata.TryGet($"{architecture}.{key}", out GgufValue value)
        ? value.AsInteger() is >= 0 and <= uint.MaxValue and long count ? count : throw NotRestorable($"{architecture}.{key}", "a count")
        : null;

    public double Real(string key) => RealOrNull(key) ?? throw NotRestorable($"{architecture}.{key}", "a number");

    /// <summary>A number; of a float32 the shortest decimal that means it, so that 1e-5 is 1e-5 again.</summary>
    public double? RealOrNull(string key)
    {
        if (!model.Metadata.TryGet($"{architecture}.{key}", out GgufValue value))
            return null;
        double? number = value.Value is float single
            ? double.Parse(single.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            : value.AsNumber();
        return number is { } real && double.IsFinite(real) ? real : throw NotRestorable($"{architecture}.{key}", "a number");
    }

    public string? TextOrNull(string key) => model.Metadata.TryGetText($"{architecture}.{key}", out string? text) ? text : null;

    /// <summary>The values of a small tensor; null where it is not there.</summary>
    public float[]? Numbers(string tensorName)
    {
        if (!model.TryFind(tensorName, out GgufTensor? tensor))
            return null;
        if (tensor.ElementCount > MostNumbers || !TensorValues.CanRead(tensor.Type))
            throw NotRestorable(tensorName, $"a list of at most {MostNumbers} numbers");
        float[] numbers = new float[tensor.ElementCount];
        TensorValues.Read(model.FileOf(tensor), tensor, 0, numbers);
        return numbers;
    }

    public GgufLayoutException NotRestorable(string what, string expected) => LayoutErrors.FileNotRestorable(model.Paths.First(), what, expected);
}
