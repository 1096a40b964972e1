using System.Collections.Immutable;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Requests;

/// <summary>XxHash128 of input files, by full path.</summary>
internal sealed class InputHashes
{
    private readonly ImmutableDictionary<string, string> _hashes;

    private InputHashes(ImmutableDictionary<string, string> hashes) => _hashes = hashes;

    /// <summary>Nothing is known.</summary>
    public static InputHashes None { get; } = new(ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>The hash of a file, or null where it is not known.</summary>
    public string? Find(string file) => _hashes.GetValueOrDefault(Path.GetFullPath(file));

    public InputHashes With(IEnumerable<KeyValuePair<string, string>> hashes) =>
        new(_hashes.SetItems(hashes.Select(pair => KeyValuePair.Create(Path.GetFullPath(pair.Key), pair.Value))));

    /// <summary>All files of the roots with their hashes; what is not known yet is read now.</summary>
    /// <exception cref="LoraMergeException">LORA1110.</exception>
    public ImmutableArray<HashedInput> Complete(IEnumerable<InputRoot> roots, CancellationToken cancellation) =>
    [
        .. roots.SelectMany(root => root.Files, (root, file) => new HashedInput(root, file, Find(file.FullPath) ?? Read(file.FullPath, cancellation))),
    ];

    private static string Read(string file, CancellationToken cancellation)
    {
        try
        {
            return ContentHash.OfFile(file, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }
}
