using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Frod;

/// <param name="File">adapter_config.json.</param>
internal sealed record FrodConfig(string File) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        string sort = SortOf(tensors.Name);
        StoredTensor directions = Shared(FrodKind.Directions), places = Shared(FrodKind.Places), sides = Shared(FrodKind.Sides);
        StoredTensor diagonal = tensors.Needed(FrodKind.Diagonal), values = tensors.Needed(FrodKind.Values);
        long inputs = diagonal.ElementCount;
        return
            directions.Shape[0] == inputs
            && directions.Shape[1] == inputs
            && places.Shape[0] == 2
            && places.Shape[1] == values.ElementCount
            && sides.ElementCount == 2
            ? new FrodModule(tensors.Name, directions, diagonal, values, places)
            : throw Errors.TensorsDoNotFit(
                tensors.Name,
                [directions, places, sides, diagonal, values],
                "all must have one number of inputs, and a row and a column for each number beside the diagonal"
            );

        StoredTensor Shared(TensorRole role) =>
            tensors.FindShared(role, sort) ?? throw FrodErrors.DirectionsNotSaved(tensors.Name, $"{role.Name}.{sort}", File);
    }

    /// <summary>
    /// What layers that share directions have in common: the last two parts of the path, or one below a number, as PEFT's <c>_category_from_key</c> has it.
    /// </summary>
    internal static string SortOf(string module)
    {
        string[] parts = module.Split('.');
        return parts switch
        {
            [var only] => only,
            [.., var number, var last] when number.Length > 0 && number.All(char.IsDigit) => last,
            [.., "attention", "output", "dense"] => "attention_output",
            [.., var parent, var last] => $"{parent}_{last}",
            [] => "",
        };
    }
}
