using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.GraLora;

/// <param name="Alpha">alpha; the ranks are those of the tensors.</param>
internal sealed record GraLoraConfig(double Alpha) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        bool hasGeneral = tensors.Has(GraLoraKind.GeneralA) || tensors.Has(GraLoraKind.GeneralB);
        StoredTensor a = tensors.Needed(GraLoraKind.A), b = tensors.Needed(GraLoraKind.B);
        StoredTensor? generalA = hasGeneral ? tensors.Needed(GraLoraKind.GeneralA) : null, generalB = hasGeneral ? tensors.Needed(GraLoraKind.GeneralB) : null;
        (long blocks, long rank, long generalRank) = (a.Shape[0], a.Shape[2], generalA?.Shape[0] ?? 0);
        if (b.Shape[0] != blocks || b.Shape[1] != rank || rank % blocks != 0)
            throw Errors.TensorsDoNotFit(tensors.Name, [a, b], "both must have one number of blocks, which divides their one rank");
        if (generalA is not null && generalB is not null && generalB.Shape[1] != generalRank)
            throw Errors.TensorsDoNotFit(tensors.Name, [generalA, generalB], "both must have one rank");
        return new GraLoraModule(tensors.Name, a, b, generalA, generalB, Alpha / (rank + generalRank));
    }
}
