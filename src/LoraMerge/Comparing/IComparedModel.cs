using System.Collections.Immutable;
using LoraMerge.Merging;

namespace LoraMerge.Comparing;

/// <summary>A merged model that is there, held to what a merge computes.</summary>
internal interface IComparedModel : IDisposable
{
    /// <summary>The folder that a merge has written; null for a file without its folder.</summary>
    string? Folder { get; }

    /// <summary>Names of the files that a merge would have written into it.</summary>
    IReadOnlyList<string> FileNames { get; }

    /// <summary>Names of those that hold weights.</summary>
    IReadOnlyList<string> WeightFiles { get; }

    /// <summary>What is known after <see cref="Take"/>.</summary>
    IEnumerable<TensorDifference> Differences { get; }

    /// <summary>Files beside the weights that are others.</summary>
    IEnumerable<FileDiff> FileDifferences { get; }

    /// <summary>What the weight files say besides tensors, and the merge would not: a line each.</summary>
    IEnumerable<string> MetadataDifferences { get; }

    /// <summary>As <see cref="Formats.IWeightSink.KeptShares"/>; known after <see cref="Take"/>.</summary>
    IReadOnlyDictionary<string, double> KeptShares => ImmutableDictionary<string, double>.Empty;

    /// <summary>Compares all that the merge computes.</summary>
    void Take(MergedBlocks blocks);
}
