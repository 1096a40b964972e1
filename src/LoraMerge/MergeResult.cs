using LoraMerge.Incremental;

namespace LoraMerge;

/// <summary>A merged model that was written.</summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="Manifest">What was done.</param>
/// <param name="ByteLength">Bytes of its tensors.</param>
public sealed record MergeResult(string Folder, MergeManifest Manifest, long ByteLength);
