using LoraMerge.Manifests;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge.Writing;

/// <summary>A merged model that was written.</summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="Manifest">What was done.</param>
/// <param name="ByteLength">Bytes of its tensors.</param>
public sealed record MergeResult(string Folder, MergeManifest Manifest, long ByteLength)
{
    /// <summary>Tensors that were computed now; the others were copied, or an earlier model of the store had them.</summary>
    internal int ComputedTensorCount { get; init; }

    /// <summary>Bytes that were read from weight files of the base and of an earlier model.</summary>
    internal long ReadByteLength { get; init; }

    /// <summary>Bytes of tensors that were written: what an earlier model of the store had in the same file is cloned or linked.</summary>
    internal long WrittenByteLength { get; init; }

    /// <summary>What was planned; null where the store had the model already.</summary>
    internal MergePlan? Plan { get; init; }

    /// <summary>What became of each changed tensor; empty where the store had the model already.</summary>
    internal IReadOnlyList<TensorOutcome> Outcomes { get; init; } = [];

    /// <summary>How long the merge took.</summary>
    internal TimeSpan Elapsed { get; init; }
}
