using LoraMerge.Manifests;

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
}
