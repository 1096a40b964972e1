using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Shira;

/// <param name="Seed">Draws the places that a file does not hold; null where nothing does.</param>
internal sealed record ShiraConfig(int? Seed) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor values = tensors.Needed(ShiraKind.Values);
        StoredTensor? places = Seed is null ? tensors.Needed(ShiraKind.Places) : tensors.Find(ShiraKind.Places);
        return places is null || (places.Shape[0] == 2 && places.Shape[1] == values.ElementCount)
            ? new ShiraModule(tensors.Name, values, places, Seed)
            : throw Errors.TensorsDoNotFit(tensors.Name, [values, places], "a row and a column are expected for each number");
    }
}
