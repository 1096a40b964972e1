using System.Globalization;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Formats.Gguf;
using LoraMerge.Gguf.Container;
using LoraMerge.Merging;
using LoraMerge.Requests;

namespace LoraMerge.Comparing;

/// <summary>A merged model of GGUF files.</summary>
/// <param name="merged">The model that is there.</param>
/// <param name="path">What the user named: its folder, or the file.</param>
/// <param name="layout">What the merge would write.</param>
/// <param name="request">What was asked: a name and versions that it does not say are not held against the model.</param>
internal sealed class ComparedGguf(GgufModel merged, string path, GgufFileSet layout, MergeRequest request) : IComparedModel
{
    private readonly SortedDictionary<string, GgufValueDifference> _differences = new(StringComparer.Ordinal);
    private byte[] _there = [];

    public string? Folder => Directory.Exists(path) ? path : null;

    public IReadOnlyList<string> FileNames => [.. WeightFiles, .. layout.Beside.Keys];

    public IReadOnlyList<string> WeightFiles => [.. merged.Paths.Select(file => Path.GetFileName(file))];

    public IEnumerable<TensorDifference> Differences =>
    [
        .. HeaderDifferences(),
        .. _differences.Select(pair => new TensorDifference(pair.Key, pair.Value.Describe(), pair.Value.Different, 0)),
    ];

    public IEnumerable<FileDiff> FileDifferences
    {
        get
        {
            if (Folder is null)
                yield break;
            foreach ((string name, byte[] expected) in layout.Beside)
            {
                string there = Path.Combine(path, name);
                if (!InputListing.IsThere(there))
                    yield return new FileDiff(name, DiffKind.OnlyInFirst);
                else if (!new SideSource(there).HasSameBytesAs(new SideSource(name, expected)))
                    yield return new FileDiff(name, DiffKind.Values);
            }
        }
    }

    public IEnumerable<string> MetadataDifferences
    {
        get
        {
            if (merged.Paths.Count() is var found && found != layout.Files.Length)
                yield return string.Create(CultureInfo.InvariantCulture, $"{found} files instead of {layout.Files.Length}");
            foreach (string difference in GgufMetadataDifferences.Of(merged.Metadata, layout.Metadata, IsHeldAgainstIt))
                yield return difference;
        }
    }

    public void Take(MergedBlocks blocks) =>
        layout.BytesOf(layout.Plan, request.Threads ?? Environment.ProcessorCount).Run(blocks, begin: _ => { }, Compare, end: _ => { });

    public void Dispose() => merged.Dispose();

    private void Compare(GgufTensor tensor, long byteOffset, ReadOnlySpan<byte> bytes)
    {
        if (!merged.TryFind(tensor.Name, out GgufTensor? there) || !HasFormOf(there, tensor))
            return; // named by the comparison of headers
        if (_there.Length < bytes.Length)
            _there = GC.AllocateUninitializedArray<byte>(bytes.Length);
        Span<byte> found = _there.AsSpan(0, bytes.Length);
        try
        {
            merged.FileOf(there).ReadInto(there, byteOffset, found);
        }
        catch (GgufFormatException e)
        {
            throw Errors.GgufInvalid(e);
        }
        if (found.SequenceEqual(bytes))
            return;
        if (!_differences.TryGetValue(tensor.Name, out GgufValueDifference? difference))
            _differences[tensor.Name] = difference = new GgufValueDifference(tensor);
        difference.Add(found, tensor.Type, bytes, tensor.Type);
    }

    private IEnumerable<TensorDifference> HeaderDifferences()
    {
        var planned = new HashSet<string>(StringComparer.Ordinal);
        foreach (GgufTensor tensor in layout.Files.SelectMany(file => file.Layout.Tensors))
        {
            planned.Add(tensor.Name);
            if (!merged.TryFind(tensor.Name, out GgufTensor? there))
                yield return new TensorDifference(tensor.Name, "missing", 0, 0);
            else if (!HasFormOf(there, tensor))
                yield return new TensorDifference(tensor.Name, $"{there.Type} {there.ShapeText} instead of {tensor.Type} {tensor.ShapeText}", 0, 0);
        }
        foreach (GgufTensor other in merged.Tensors.Where(tensor => !planned.Contains(tensor.Name)))
            yield return new TensorDifference(other.Name, "not expected", 0, 0);
    }

    private bool IsHeldAgainstIt(string key) => key switch
    {
        "general.name" => request.Name is not null,
        "general.base_model.0.version" => request.BaseVersion is not null,
        _ when key.StartsWith("split.", StringComparison.Ordinal) => false,
        _ when key.StartsWith(GgufOrigin.AdapterKey, StringComparison.Ordinal) && key.EndsWith(".version", StringComparison.Ordinal) =>
            request.Adapters.Any(adapter => adapter.Version is not null),
        _ => true,
    };

    private static bool HasFormOf(GgufTensor one, GgufTensor other) => one.Type == other.Type && one.Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());
}
