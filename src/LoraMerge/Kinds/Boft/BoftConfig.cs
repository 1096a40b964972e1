using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Kinds.Boft;

/// <summary>Nothing decides the merge but the tensors, whose shapes tell the sizes and the number of factors, and for convolutions the release.</summary>
/// <param name="Origin">Which releases may have written the adapter.</param>
internal sealed record BoftConfig(AdapterOrigin Origin) : KindConfig
{
    /// <summary>Up to 0.13 the numbers of a convolution's weight were read as inputs by outputs, without being transposed.</summary>
    private static readonly VersionRange ReadAcross = VersionRange.Parse("(,0.14.0)");

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        ImmutableArray<AdaptedModule> modules = base.ReadModules(tensors, notes);
        if (Origin.Follows(ReadAcross) is null && modules.OfType<BoftModule>().Any(module => module.IsOfConvolution))
            notes.Add(BoftNotes.ConvolutionAssumed(Origin, tensors.Path));
        return modules;
    }

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor blocks = tensors.Needed(BoftKind.Blocks), factors = tensors.Needed(BoftKind.Factors);
        var module = new BoftModule(tensors.Name, blocks, factors, Origin.Follows(ReadAcross) == true);
        // The butterfly halves blocks and cuts the inputs into groups, once more with each factor.
        long count = blocks.Shape[1], size = blocks.Shape[2];
        bool hasButterfly = blocks.Shape[0] == 1 || (size % 2 == 0 && blocks.Shape[0] < 32 && count % (1L << (int)(blocks.Shape[0] - 1)) == 0);
        return size == blocks.Shape[3] && hasButterfly ? module : throw Errors.TensorsDoNotFit(
            module.Path, [blocks], "blocks must be square, and with m factors of an even side and in a number that 2 to the power of m - 1 divides");
    }
}
