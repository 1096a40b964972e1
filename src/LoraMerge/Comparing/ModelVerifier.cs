using System.Collections.Immutable;
using System.Security.Cryptography;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Comparing;

/// <summary>Computes a merged model again and compares it with one that is there.</summary>
internal static class ModelVerifier
{
    /// <exception cref="LoraMergeException">LORA1109 to LORA1111, LORA3013, 5xxx; LORA6050 for a manifest that cannot be used.</exception>
    public static ModelComparison Compare(OpenedInputs inputs, MergePlan plan, Checkpoint merged, CancellationToken cancellation)
    {
        // Before the long work: what says nothing usable cannot be verified.
        MergeManifest? manifest = merged.IsSingleFile || !InputListing.IsThere(ManifestOf(merged)) ? null : MergeManifest.Read(ManifestOf(merged));
        ComputeDevice device = ComputeDevice.Open(inputs.Request.Device, inputs.Request.NativesFolder);
        foreach (Shard shard in inputs.Adapters.SelectMany(adapter => adapter.Weights))
            TensorFiles.ThrowIfDamaged(shard);
        using var files = new TensorFiles(inputs.Checkpoint.Shards);
        using var sink = new ComparisonSink(merged);
        IReadOnlyList<TensorOutcome> outcomes = new MergePipeline(plan, PipelineOptions.Of(inputs.Request, device), progress: null).Run(files, sink, cancellation);
        InputHashes hashes = InputHashes.None.With(inputs.Checkpoint.Shards.Select(shard => KeyValuePair.Create(shard.File, files.HashOf(shard.File))));
        ImmutableArray<TensorDifference> differences =
        [
            .. HeaderDifferences(plan, merged),
            .. sink.Differences.Select(pair => new TensorDifference(pair.Key, null, pair.Value.Different, pair.Value.LargestUlps)),
        ];
        var comparison = new ModelComparison(plan.Tensors.Count(), differences, [.. FileDifferences(inputs, plan, merged)]);
        if (merged.IsSingleFile)
            return comparison;
        if (manifest is null)
            return comparison with { Manifest = ["missing: the model may have been left in the middle"] };
        ImmutableArray<HashedInput> hashed = hashes.Complete(inputs.Snapshot.Roots, cancellation);
        MergeManifest expected = ManifestBuilder.Build(inputs, plan, outcomes, hashed, files: [], recipes: null);
        return comparison with
        {
            Manifest = [.. ManifestComparison.Differences(manifest, expected, inputs.Request), .. ListDifferences(manifest, plan, merged, comparison, cancellation)],
        };
    }

    /// <summary>Holds what the manifest lists to the files. One that is named as another already is not named again.</summary>
    private static IEnumerable<string> ListDifferences(MergeManifest manifest, MergePlan plan, Checkpoint merged, ModelComparison comparison, CancellationToken cancellation)
    {
        HashSet<string> named = [.. comparison.Files.Select(file => file.RelativePath), .. comparison.Differences.IsEmpty ? [] : plan.Shards.Select(shard => shard.FileName)];
        string[] planned = [.. plan.Shards.Select(shard => shard.FileName), .. plan.SideFiles.Select(file => file.RelativePath), .. plan.IndexName is string index ? (string[])[index] : []];
        foreach (string name in planned.Union(manifest.Files.Keys, StringComparer.Ordinal).Except(named).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(merged.Folder, name);
            if (!manifest.Files.TryGetValue(name, out string? listed))
                yield return $"'{name}' is not listed";
            else if (!planned.Contains(name, StringComparer.Ordinal))
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

    private static string ManifestOf(Checkpoint merged) => Path.Combine(merged.Folder, MergeManifest.FileName);

    /// <summary>The index is held to the shards whenever a model is opened; files that a merge does not write are the user's own.</summary>
    private static IEnumerable<FileDiff> FileDifferences(OpenedInputs inputs, MergePlan plan, Checkpoint merged)
    {
        if (merged.IsSingleFile)
            yield break;
        Dictionary<string, string> files = SideFiles.Of(merged);
        foreach (SideFile expected in plan.SideFiles)
        {
            if (!files.TryGetValue(expected.RelativePath, out string? there))
                yield return new FileDiff(expected.RelativePath, DiffKind.OnlyInFirst);
            else if (plan.ChangedBytes(expected, inputs.Checkpoint.Config) is byte[] changed ? !SideFiles.HasBytes(there, changed) : !SideFiles.HaveSameBytes(expected.Source, there))
                yield return new FileDiff(expected.RelativePath, DiffKind.Values);
        }
    }

    private static IEnumerable<TensorDifference> HeaderDifferences(MergePlan plan, Checkpoint merged)
    {
        var planned = new HashSet<string>(StringComparer.Ordinal);
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            planned.Add(tensor.Name);
            if (!merged.TryFind(tensor.Name, out StoredTensor? stored))
                yield return new TensorDifference(tensor.Name, "missing", 0, 0);
            else if (stored.DType != tensor.DType || !stored.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan()))
                yield return new TensorDifference(tensor.Name, $"{stored.DType.HeaderName()} {stored.ShapeText} instead of {tensor.DType.HeaderName()} {tensor.Source.ShapeText}", 0, 0);
        }
        foreach (string name in merged.TensorNames.Where(name => !planned.Contains(name)).Order(StringComparer.Ordinal))
            yield return new TensorDifference(name, "not expected", 0, 0);
    }
}
