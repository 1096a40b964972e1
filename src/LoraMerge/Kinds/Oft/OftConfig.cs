using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Oft;

/// <param name="SeriesTerms">How many terms of Neumann's series stand for the inverse of Cayley's map; 0 where the inverse is computed.</param>
/// <param name="Limit"><c>eps</c> of constrained OFT, which limits how far a rotation goes; null without a limit.</param>
/// <param name="IsShared">Whether all groups turn by the same block.</param>
/// <param name="Origin">Which releases may have written the adapter.</param>
internal sealed record OftConfig(int SeriesTerms, double? Limit, bool IsShared, AdapterOrigin Origin) : KindConfig
{
    /// <summary>0.16 and 0.17 counted the last term of the series twice, as all others.</summary>
    private static readonly VersionRange FullLastTerm = VersionRange.Parse("[0.16.0,0.18.0)");

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        ImmutableArray<AdaptedModule> modules = base.ReadModules(tensors, notes);
        bool? isFull = Origin.Follows(FullLastTerm);
        if (isFull is null && SeriesTerms > 2 && modules.OfType<OftModule>().Any(module => module.Form is OftForm.Triangles or OftForm.EmbeddingTriangles))
            notes.Add(OftNotes.SeriesAssumed(Origin, tensors.Path));
        return modules;
    }

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        bool isFull = Origin.Follows(FullLastTerm) == true;
        if (tensors.Find(OftRoles.EmbeddingTriangles) is StoredTensor embedding)
            return new OftModule(tensors.Name, OftForm.EmbeddingTriangles, embedding, null, this, isFull);
        if (tensors.Find(OftRoles.Triangles) is StoredTensor triangles)
            return new OftModule(tensors.Name, OftForm.Triangles, triangles, null, this, isFull);
        StoredTensor blocks = tensors.Needed(OftRoles.Blocks);
        var module = new OftModule(
            tensors.Name,
            tensors.Has(OftRoles.Factors) ? OftForm.ScaledBlocks : OftForm.OutputBlocks,
            blocks,
            tensors.Find(OftRoles.Factors),
            this,
            isFull
        );
        return blocks.Shape[1] == blocks.Shape[2] ? module : throw OftModule.NotSquare(module.Path, blocks);
    }
}
