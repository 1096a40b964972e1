using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace LoraMerge.Gguf.Container;

/// <summary>A model in one file or several, opened and checked. Its methods may be called from several threads at once.</summary>
internal sealed class GgufModel : IDisposable
{
    private readonly ImmutableArray<GgufReader> _files;
    private readonly Dictionary<string, (GgufReader File, GgufTensor Tensor)> _byName = new(StringComparer.Ordinal);

    private GgufModel(ImmutableArray<GgufReader> files)
    {
        _files = files;
        foreach (GgufReader file in files)
        {
            foreach (GgufTensor tensor in file.Header.Tensors)
            {
                if (!_byName.TryAdd(tensor.Name, (file, tensor)))
                    throw new GgufFormatException(
                        GgufFault.DuplicateTensor, file.Path, tensor.Name, $"Tensor {GgufFormatException.Quote(tensor.Name)} stands in another part, too.");
            }
        }
    }

    /// <summary>That of the first part.</summary>
    public GgufMetadata Metadata => _files[0].Header.Metadata;

    /// <summary>Paths of all parts.</summary>
    public IEnumerable<string> Paths => _files.Select(file => file.Path);

    /// <summary>All tensors, in the order of the files and of their data.</summary>
    public IEnumerable<GgufTensor> Tensors => _files.SelectMany(file => file.Header.Tensors);

    /// <param name="path">The file, or its first part.</param>
    /// <exception cref="GgufFormatException">A file breaks the rules of the format, or a part is missing.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public static GgufModel Open(string path)
    {
        var files = new List<GgufReader> { GgufReader.Open(path) };
        try
        {
            ImmutableArray<string> paths = GgufSplit.PathsOf(path, files[0].Header);
            foreach (string part in paths.Skip(1))
                files.Add(GgufReader.Open(part));
            CheckParts(files);
            return new GgufModel([.. files]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public bool TryFind(string name, [NotNullWhen(true)] out GgufTensor? tensor)
    {
        bool found = _byName.TryGetValue(name, out (GgufReader File, GgufTensor Tensor) entry);
        tensor = entry.Tensor;
        return found;
    }

    /// <summary>The file that holds a tensor of this model.</summary>
    public GgufReader FileOf(GgufTensor tensor) => _byName[tensor.Name].File;

    public void Dispose()
    {
        foreach (GgufReader file in _files)
            file.Dispose();
    }

    private static void CheckParts(List<GgufReader> files)
    {
        if (files.Count == 1)
            return;
        for (int i = 0; i < files.Count; i++)
        {
            GgufMetadata metadata = files[i].Header.Metadata;
            Check(files[i], metadata, GgufSplit.NumberKey, i);
            Check(files[i], metadata, GgufSplit.CountKey, files.Count);
            Check(files[i], metadata, GgufSplit.TensorCountKey, files.Sum(file => file.Header.Tensors.Length));
        }
    }

    private static void Check(GgufReader file, GgufMetadata metadata, string key, long expected)
    {
        long? found = metadata.TryGet(key, out GgufValue value) ? value.AsInteger() : null;
        if (found != expected)
        {
            throw new GgufFormatException(GgufFault.SplitInvalid, file.Path, key,
                string.Create(CultureInfo.InvariantCulture,
                    $"'{key}' is {found?.ToString(CultureInfo.InvariantCulture) ?? "missing"}, but by the files' names and tensors it is {expected}."));
        }
    }
}
