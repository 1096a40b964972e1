using System.Collections.Immutable;
using System.Security.Cryptography;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Requests;

namespace LoraMerge.Comparing;

/// <summary>Computes a merged model again and compares it with one that is there.</summary>
internal static class ModelVerifier
{
    /// <exception cref="LoraMergeException">LORA1109 to LORA1111, LORA3013, 5xxx, LORA7060; LORA6050 for a manifest that cannot be used.</exception>
    public static ModelComparison Compare(OpenedInputs inputs, ModelLayout layout, IComparedModel merged, InputHashes known, CancellationToken cancellation)
    {
        // Before the long work: what says nothing usable cannot be verified.
        string? manifestFile = merged.Folder is string folder ? MergeManifest.PathIn(folder) : null;
        MergeManifest? manifest = manifestFile is not null && InputListing.IsThere(manifestFile) ? MergeManifest.Read(manifestFile) : null;
        ComputeDevice device = ComputeDevice.Open(inputs.Request.Device, inputs.Request.NativesFolder);
        foreach (Shard shard in inputs.Adapters.SelectMany(adapter => adapter.Weights))
            TensorFiles.ThrowIfDamaged(shard);
        inputs.Pins.CheckAll(_ => true, cancellation);
        using var files = new TensorFiles(inputs.Checkpoint.Shards);
        var pipeline = new MergePipeline(layout.Plan, PipelineOptions.Of(inputs.Request, device, layout.HeldBytes), progress: null);
        TensorOutcome[] outcomes = [.. pipeline.Run(files, merged.Take, cancellation).Select(outcome => outcome.WithKept(merged.KeptShares))];
        InputHashes hashes = known.With(inputs.Checkpoint.Shards.Select(shard => KeyValuePair.Create(shard.File, files.HashOf(shard.File))));
        var comparison = new ModelComparison(layout.TensorCount, [.. merged.Differences], [.. merged.FileDifferences])
        {
            Metadata = [.. merged.MetadataDifferences],
        };
        if (merged.Folder is null)
            return comparison;
        if (manifest is null)
            return comparison with { Manifest = ["missing: the model may have been left in the middle"] };
        ImmutableArray<HashedInput> hashed = hashes.Complete(inputs.Snapshot.Roots, cancellation);
        MergeManifest expected = ManifestBuilder.Build(inputs, layout, outcomes, hashed, files: [], recipes: null);
        return comparison with
        {
            Manifest = [.. ManifestComparison.Differences(manifest, expected, inputs.Request), .. ListDifferences(manifest, merged, comparison, cancellation)],
        };
    }

    /// <summary>Holds what the manifest lists to the files. One that is named as another already is not named again.</summary>
    private static IEnumerable<string> ListDifferences(
        MergeManifest manifest, IComparedModel merged, ModelComparison comparison, CancellationToken cancellation)
    {
        bool areWeightsNamed = !comparison.Differences.IsEmpty || !comparison.Metadata.IsEmpty;
        HashSet<string> named = [.. comparison.Files.Select(file => file.RelativePath), .. areWeightsNamed ? merged.WeightFiles : []];
        foreach (string name in merged.FileNames.Union(manifest.Files.Keys, StringComparer.Ordinal).Except(named).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(merged.Folder!, name);
            if (!manifest.Files.TryGetValue(name, out string? listed))
                yield return $"'{name}' is not listed";
            else if (!merged.FileNames.Contains(name, StringComparer.Ordinal))
                yield return $"'{name}' is listed, which the merge does not write";
            else if (!InputListing.IsThere(path))
                yield return $"'{name}' is listed, but not there";
            else if (Read(path, () => ContentHash.OfFile(path, cancellation)) is string found && found != listed)
                yield return $"'{name}' is listed with the hash {listed}, it has {found}";
            else if (manifest.Sha256?.GetValueOrDefault(name) is string sha && Read(path, () => Sha256(path)) is string foundSha && foundSha != sha)
                yield return $"'{name}' is listed with the SHA-256 {sha}, it has {foundSha}";
        }
    }

    private static string Sha256(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Read(string path, Func<string> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }
}
