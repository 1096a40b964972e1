using System.Collections.Immutable;
using System.Security.Cryptography;
using LoraMerge.Adapters;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Requests;

/// <summary>The SHA-256 that files of the inputs must have, where the user pinned them.</summary>
internal sealed class InputPins
{
    private readonly ImmutableSortedDictionary<string, string> _digests;

    private InputPins(ImmutableSortedDictionary<string, string> digests) => _digests = digests;

    /// <summary>Nothing is pinned.</summary>
    public static InputPins None { get; } = new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>Full paths of the files that are pinned.</summary>
    public IEnumerable<string> Files => _digests.Keys;

    /// <exception cref="LoraMergeException">LORA1101, LORA7061, LORA7062.</exception>
    public static InputPins Of(MergeRequest request, InputSnapshot snapshot, Checkpoint checkpoint, ImmutableArray<Adapter> adapters)
    {
        ImmutableSortedDictionary<string, string>.Builder digests = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        digests.AddRange(OfRoot(OptionTable.BaseSha256.Switch!, request.Sha256, snapshot.Roots[0], checkpoint.Shards));
        for (int i = 0; i < adapters.Length; i++)
            digests.AddRange(OfRoot(OptionTable.AdapterSha256.Switch!, request.Adapters[i].Sha256, snapshot.Roots[i + 1], adapters[i].Weights)
                .Where(pin => !digests.ContainsKey(pin.Key)));
        return new InputPins(digests.ToImmutable());
    }

    /// <summary>The pins of one input, by the paths of its files below it; null where it has none.</summary>
    public ImmutableSortedDictionary<string, string>? Of(InputRoot root)
    {
        KeyValuePair<string, string>[] pinned = [.. root.Files.Where(file => _digests.ContainsKey(file.FullPath))
            .Select(file => KeyValuePair.Create(file.RelativePath, _digests[file.FullPath]))];
        return pinned.Length == 0 ? null : pinned.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    public bool Has(string file) => _digests.ContainsKey(file);

    /// <summary>Holds a file that was read to its pin.</summary>
    /// <param name="file">One that is pinned.</param>
    /// <param name="found">Its SHA-256.</param>
    /// <exception cref="LoraMergeException">LORA7060.</exception>
    public void Check(string file, string found)
    {
        if (_digests[file] != found)
            throw Errors.PinnedFileDiffers(file, _digests[file], found);
    }

    /// <summary>Reads files that are pinned and holds them to their pins.</summary>
    /// <param name="isMeant">Which of them; others are read elsewhere.</param>
    /// <param name="cancellation">Reading large files takes time.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA7060.</exception>
    public void CheckAll(Func<string, bool> isMeant, CancellationToken cancellation)
    {
        foreach (string file in Files.Where(isMeant))
            Check(file, Sha256Of(file, cancellation));
    }

    /// <summary>By the files that were opened as its weights: all of them have to be pinned, or one that was swapped would pass.</summary>
    private static Dictionary<string, string> OfRoot(string option, string? text, InputRoot root, IReadOnlyList<Shard> weights)
    {
        if (text is null)
            return [];
        string normalized = DigestList.Normalize(text) ?? throw Errors.ArgumentInvalid(option, text, OptionForm.Digests.Expected);
        Dictionary<string, string> pins = new(DigestList.Read(normalized), StringComparer.Ordinal);
        if (pins.TryGetValue(DigestList.OfTheOnlyFile, out string? only))
            return weights.Count == 1
                ? new Dictionary<string, string> { [weights[0].File] = only }
                : throw Errors.PinOfSeveralFiles(root.Path, weights.Select(shard => shard.FileName));
        if (pins.Keys.FirstOrDefault(name => root.Find(name) is null) is string missing)
            throw Errors.PinnedFileMissing(root.Path, missing, root.Files.Select(file => file.RelativePath));
        Dictionary<string, string> found = pins.ToDictionary(pin => root.Find(pin.Key)!.FullPath, pin => pin.Value, StringComparer.Ordinal);
        return weights.FirstOrDefault(shard => !found.ContainsKey(shard.File)) is Shard unpinned
            ? throw Errors.WeightsNotPinned(root.Path, unpinned.FileName)
            : found;
    }

    private static string Sha256Of(string file, CancellationToken cancellation)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            FilePieces.Read(file, hash.AppendData, cancellation);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }
}
