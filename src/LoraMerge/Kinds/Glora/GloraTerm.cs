using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Glora;

/// <summary>One of GLoRA's terms: a product, or one number for each row or for all.</summary>
/// <param name="Left"><c>[rows, r]</c> of a product, else the numbers, <c>[rows]</c>, <c>[rows, 1]</c> or <c>[1]</c>.</param>
/// <param name="Right"><c>[r, columns]</c>; null where it is no product.</param>
internal sealed record GloraTerm(StoredTensor Left, StoredTensor? Right)
{
    /// <summary>The term of a module; null where it is left out.</summary>
    /// <exception cref="LoraMergeException">LORA3004, LORA3008.</exception>
    public static GloraTerm? Read(ModuleTensors tensors, GloraRoles roles)
    {
        if (tensors.Find(roles.Zeros) is not null)
            return null;
        if (tensors.Find(roles.Vector) is StoredTensor vector)
            return new GloraTerm(vector, null);
        StoredTensor left = tensors.Needed(roles.Left),
            right = tensors.Needed(roles.Right);
        return left.Shape[1] == right.Shape[0]
            ? new GloraTerm(left, right)
            : throw Errors.TensorsDoNotFit(tensors.Name, [left, right], "both must have one rank");
    }

    /// <summary>Whether it is one for a matrix.</summary>
    public bool Fits(long rows, long columns) =>
        Right is null ? Left.ElementCount == rows || Left.ElementCount == 1 : Left.RowCount == rows && Right.RowLength == columns;
}
