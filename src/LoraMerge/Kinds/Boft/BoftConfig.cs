using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Boft;

/// <summary>Nothing decides the merge but the tensors: their shapes tell the sizes and the number of factors.</summary>
internal sealed record BoftConfig : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor blocks = tensors.Needed(BoftKind.Blocks), factors = tensors.Needed(BoftKind.Factors);
        var module = new BoftModule(tensors.Name, blocks, factors);
        // The butterfly halves blocks and cuts the inputs into groups, once more with each factor.
        long count = blocks.Shape[1], size = blocks.Shape[2];
        bool hasButterfly = blocks.Shape[0] == 1 || (size % 2 == 0 && blocks.Shape[0] < 32 && count % (1L << (int)(blocks.Shape[0] - 1)) == 0);
        return size == blocks.Shape[3] && hasButterfly ? module : throw Errors.TensorsDoNotFit(
            module.Path, [blocks], "blocks must be square, and with m factors of an even side and in a number that 2 to the power of m - 1 divides");
    }
}
