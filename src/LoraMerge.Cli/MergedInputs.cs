using System.Collections.Immutable;
using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.ModelFiles;
using LoraMerge.Diagnostics;
using LoraMerge.Hub.Fetching;
using LoraMerge.Manifests;

namespace LoraMerge.Cli;

/// <summary>
/// What the models of a store say of the addresses that they were made of. Files that have the hashes of the hub now as they had then have the same contents,
/// and so the hashes that count for a key: enough to look for what was merged of them, without the files.
/// </summary>
internal sealed class MergedInputs
{
    private readonly ImmutableDictionary<(string Role, ManifestOrigin Origin), ImmutableSortedDictionary<string, string>> _files;

    private MergedInputs(ImmutableDictionary<(string, ManifestOrigin), ImmutableSortedDictionary<string, string>> files) => _files = files;

    /// <param name="store">Its folder, which need not be there; null for nothing.</param>
    public static MergedInputs Of(string? store)
    {
        var files = ImmutableDictionary.CreateBuilder<(string, ManifestOrigin), ImmutableSortedDictionary<string, string>>();
        foreach (MergeManifest manifest in store is null || !Directory.Exists(store) ? [] : EntryPlace.AllIn(store).Select(TryRead).OfType<MergeManifest>())
        {
            if (manifest.Base.Origin is { ListHash: not null } ofBase)
                files[(InputRole.Base, ofBase)] = manifest.Base.Files;
            foreach (ManifestAdapter adapter in manifest.Adapters.Where(adapter => adapter.Origin?.ListHash is not null))
                files[(InputRole.Adapter, adapter.Origin!)] = adapter.Files;
        }
        return new MergedInputs(files.ToImmutable());
    }

    /// <summary>What is known of the files of an address that decide a merge; null where not all of them are.</summary>
    public IReadOnlyDictionary<string, KnownFile>? Find(FetchedRepository fetched)
    {
        bool isBase = fetched.Role == HubRole.Base;
        var names = new ListedNames([.. fetched.Names]);
        string[] chosen = [.. (isBase ? ChosenFiles.OfBase(names) : ChosenFiles.OfAdapter(names)).Files.Select(file => file.RelativePath)];
        ManifestOrigin origin = ManifestOrigin.Of(InputLocation.Describe(fetched))!;
        bool isKnown = _files.TryGetValue((fetched.Role.Word(), origin), out ImmutableSortedDictionary<string, string>? hashes);
        return isKnown && chosen.All(hashes!.ContainsKey)
            ? fetched.Names.Zip(fetched.Files, (name, file) => (name, file.ByteLength)).Where(file => chosen.Contains(file.name, StringComparer.Ordinal))
                .ToDictionary(file => file.name, file => new KnownFile(file.ByteLength, hashes![file.name]), StringComparer.Ordinal)
            : null;
    }

    private static MergeManifest? TryRead(EntryPlace place)
    {
        try
        {
            return MergeManifest.Read(MergeManifest.PathIn(place.Folder));
        }
        catch (LoraMergeException)
        {
            return null; // taken away meanwhile, or damaged: then the files are fetched
        }
    }
}
