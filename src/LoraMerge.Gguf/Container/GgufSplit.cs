using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraMerge.Gguf.Container;

/// <summary>A model in several files, as llama.cpp names and numbers them: each is a whole GGUF file, the first has the metadata.</summary>
internal static partial class GgufSplit
{
    public const string NumberKey = "split.no";
    public const string CountKey = "split.count";
    public const string TensorCountKey = "split.tensors.count";

    /// <summary>The name of one part.</summary>
    /// <param name="name">The name without <c>.gguf</c>.</param>
    /// <param name="number">From 0.</param>
    /// <param name="count">Of parts; with one the name is plain.</param>
    public static string FileName(string name, int number, int count) => count == 1
        ? $"{name}.gguf"
        : string.Create(CultureInfo.InvariantCulture, $"{name}-{number + 1:D5}-of-{count:D5}.gguf");

    /// <summary>Lays out a model in files below a length, as far as single tensors allow: a part holds at least one.</summary>
    /// <param name="metadata">Of the model; without the keys of this class.</param>
    /// <param name="tensors">In the order that their data shall have.</param>
    /// <param name="maxFileLength">In bytes; null for one file.</param>
    public static ImmutableArray<GgufFileLayout> Create(
        GgufMetadata metadata, IReadOnlyList<(string Name, GgufType Type, ImmutableArray<long> Shape)> tensors, long? maxFileLength)
    {
        GgufFileLayout whole = GgufFileLayout.Create(metadata, tensors);
        if (maxFileLength is not { } limit || whole.FileLength <= limit)
            return [whole];

        List<List<(string, GgufType, ImmutableArray<long>)>> parts = Distribute(metadata, tensors, limit);
        if (parts.Count == 1)
            return [whole];
        return [.. parts.Select((part, number) => GgufFileLayout.Create(MetadataOf(metadata, number, parts.Count, tensors.Count), part))];
    }

    /// <summary>The files of a model whose first part, or only file, is this one.</summary>
    /// <exception cref="GgufFormatException">SplitInvalid: this is not the first part, or another is not there.</exception>
    public static ImmutableArray<string> PathsOf(string path, GgufHeader header)
    {
        long count = header.Metadata.TryGet(CountKey, out GgufValue value) ? value.AsInteger() ?? 1 : 1;
        if (count == 1)
            return [path];
        Match name = PartName.Match(Path.GetFileName(path));
        if (!name.Success || count != int.Parse(name.Groups["count"].ValueSpan, CultureInfo.InvariantCulture))
        {
            throw new GgufFormatException(GgufFault.SplitInvalid, path, null,
                $"The file is a part of a model in {count} files, but its name is not '...-00001-of-{count:D5}.gguf', by which the others are found.");
        }

        if (int.Parse(name.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) != 1)
            throw new GgufFormatException(
                GgufFault.SplitInvalid, path, null, "The file is not the first part of its model; name the one that ends in -00001-of-....");
        string folder = Path.GetDirectoryName(path) ?? "";
        ImmutableArray<string> paths = [.. Enumerable.Range(0, (int)count).Select(
            i => Path.Combine(folder, FileName(name.Groups["name"].Value, i, (int)count)))];
        if (paths.FirstOrDefault(part => !File.Exists(part)) is { } missing)
            throw new GgufFormatException(
                GgufFault.SplitInvalid, path, null, $"The model has {count} files, of which '{Path.GetFileName(missing)}' is not there.");
        return paths;
    }

    private static List<List<(string, GgufType, ImmutableArray<long>)>> Distribute(
        GgufMetadata metadata, IReadOnlyList<(string Name, GgufType Type, ImmutableArray<long> Shape)> tensors, long limit)
    {
        long firstLength = EmptyLength(MetadataOf(metadata, 0, 2, tensors.Count));
        long otherLength = EmptyLength(MetadataOf(metadata, 1, 2, tensors.Count));
        List<List<(string, GgufType, ImmutableArray<long>)>> parts = [[]];
        long length = firstLength;
        foreach ((string name, GgufType type, ImmutableArray<long> shape) in tensors)
        {
            long added = GgufFileLayout.BytesOf(name, type, shape);
            if (parts[^1].Count > 0 && length + added > limit)
            {
                parts.Add([]);
                length = otherLength;
            }

            parts[^1].Add((name, type, shape));
            length += added;
        }

        return parts;
    }

    /// <summary>An upper bound: entries that follow the header may take up its padding.</summary>
    private static long EmptyLength(GgufMetadata metadata) => GgufFileLayout.Create(metadata, []).FileLength + GgufFileLayout.Alignment;

    private static GgufMetadata MetadataOf(GgufMetadata metadata, int number, int count, int tensorCount)
    {
        var own = new GgufMetadata();
        if (number == 0)
        {
            foreach ((string key, GgufValue value) in metadata)
                own.Add(key, value);
        }

        own.Add(NumberKey, (ushort)number);
        own.Add(CountKey, checked((ushort)count));
        own.Add(TensorCountKey, tensorCount);
        return own;
    }

    [GeneratedRegex(@"^(?<name>.*)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$")]
    private static partial Regex PartName { get; }
}
