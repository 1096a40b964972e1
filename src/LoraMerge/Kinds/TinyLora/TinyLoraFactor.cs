using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.TinyLora;

/// <summary>(Σᵢ vᵢ·Pᵢ)·A: a trained mixture of fixed projections, between the module's strongest directions.</summary>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="Numbers">v <c>[u]</c>.</param>
/// <param name="Projection">P <c>[u, r, r]</c>; null where it is drawn.</param>
/// <param name="Draw">What it is drawn from.</param>
/// <remarks>PEFT, <c>TinyLoraLayer._compute_R</c> and <c>_init_projection</c>: normal numbers of deviation 1/√r. A and B, the directions of the base by its
/// singular values, are in the file, so that nothing has to be taken apart again.</remarks>
internal sealed record TinyLoraFactor(StoredTensor A, StoredTensor Numbers, StoredTensor? Projection, TinyLoraDraw? Draw) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (A.RowCount, A.RowLength);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        long rank = A.Shape[0];
        Tensor projections = Projection is null ? Drawn(inputs, rank) : inputs.Read(Projection); // [u, r, r]
        Tensor mixed = inputs.Read(Numbers).unsqueeze(0).matmul(projections.reshape(-1, rank * rank)).view(rank, rank);
        return mixed.matmul(inputs.Read(A)).MoveToOuterDisposeScope();
    }

    private Tensor Drawn(DeltaInputs inputs, long rank)
    {
        using var numbers = new SeededNumbers(Draw!.Seed);
        return SeededNumbers
            .AsHeldBeside(numbers.Normal([Numbers.ElementCount, rank, rank], 1 / Math.Sqrt(rank)), Draw.Weight)
            .to(inputs.DType)
            .to(inputs.Device);
    }
}
