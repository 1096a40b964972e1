using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Vera;

/// <summary>One of the shared matrices, cut to the size of a module, each row times its trained factor: λ ⊙ M[:rows, :columns].</summary>
/// <param name="Stored">M; null where it is drawn.</param>
/// <param name="Draw">What it is drawn from.</param>
/// <param name="IsB">Whether it is B of what is drawn.</param>
/// <param name="Lambda">λ; more of them than rows where the first are the means.</param>
/// <param name="Rows">Rows of the module's part.</param>
/// <param name="Columns">Its columns.</param>
/// <remarks>
/// VeRA, arXiv 2310.11454; PEFT, <c>Linear.get_delta_weight</c> of <c>tuners/vera</c> and <c>tuners/pvera</c>, <c>_kaiming_init</c>: A first and then B by one
/// generator, uniform between ±√3·√2/√columns, in float32.
/// </remarks>
internal sealed record VeraFactor(StoredTensor? Stored, VeraDraw? Draw, bool IsB, StoredTensor Lambda, long Rows, long Columns) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (Rows, Columns);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor matrix = Stored is not null ? Read(inputs) : Drawn(inputs);
        return matrix
            .narrow(0, 0, Rows)
            .narrow(1, 0, Columns)
            .to(inputs.DType)
            .mul(inputs.Read(Lambda).narrow(0, 0, Rows).unsqueeze(1))
            .MoveToOuterDisposeScope();
    }

    private Tensor Read(DeltaInputs inputs) =>
        inputs.Kept.Of(new StoredMatrix(Stored!, inputs.DType), () => inputs.Read(Stored!).DetachFromDisposeScope(), room: 2);

    private Tensor Drawn(DeltaInputs inputs)
    {
        ProjectionPair pair = inputs.Kept.Of(Draw!, () => Make(Draw!, inputs.Device), room: 1);
        return IsB ? pair.B : pair.A;
    }

    private static ProjectionPair Make(VeraDraw draw, Device device)
    {
        using var scope = NewDisposeScope();
        using var numbers = new SeededNumbers(draw.Seed);
        Tensor a = Uniform(draw.Rank * draw.PartsOfA, draw.Inputs), b = Uniform(draw.Outputs, draw.Rank);
        return new ProjectionPair(a.DetachFromDisposeScope(), b.DetachFromDisposeScope());

        Tensor Uniform(long rows, long columns)
        {
            double bound = Math.Sqrt(3) * (Math.Sqrt(2) / Math.Sqrt(columns));
            return SeededNumbers.AsHeldBeside(numbers.Uniform([rows, columns], -bound, bound), draw.Weight).to(device);
        }
    }

    private sealed record StoredMatrix(StoredTensor Stored, ScalarType DType);
}
