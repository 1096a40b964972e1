using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Merging;

namespace LoraMerge.Formats;

/// <summary>Writes the weight files of a merged model, one after another, and hashes them on the way.</summary>
internal interface IWeightSink : IDisposable
{
    /// <summary>File name and XxHash128 of each file; complete after <see cref="Write"/>.</summary>
    IReadOnlyDictionary<string, string> Hashes { get; }

    /// <summary>Bytes of tensors that were written.</summary>
    long WrittenByteLength { get; }

    /// <summary>For each weight that was quantised again, the share of its ΔW that the codes hold; complete after <see cref="Write"/>.</summary>
    IReadOnlyDictionary<string, double> KeptShares => ImmutableDictionary<string, double>.Empty;

    /// <summary>What is known only when all is written, for people.</summary>
    IEnumerable<MergeEvent> Notes => [];

    /// <summary>Takes all blocks, and commits the files.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1109, LORA5020.</exception>
    void Write(MergedBlocks blocks);
}
