using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.RandLora;

/// <summary>Draws the shared matrices as PEFT does where the file does not hold them.</summary>
/// <remarks>
/// PEFT, <c>RandLoraModel._init_randlora_A_randlora_B</c> and <c>…_sparse</c>. Dense ones are uniform between ±1/√(elements behind the first two sides),
/// rounded to bfloat16, and divided by
/// their standard deviation in bfloat16; sparse ones are float32. PyTorch 2.13 draws float32 numbers and rounds them; PyTorch 2.10, which this project runs on,
/// draws others where it is asked for bfloat16. No file tells
/// by which release it was made, so the later way is taken, with a warning. A machine without bfloat16 draws in float16, which no file tells either.
/// </remarks>
internal static class RandLoraFactors
{
    /// <summary>The usual sparsity, of which one in three numbers is not zero.</summary>
    private const double OneInThree = 3;

    /// <returns>A <c>[r, 1, smaller]</c> and B <c>[larger, products, r]</c>, in the given dtype; the caller's.</returns>
    public static ProjectionPair Draw(RandLoraDraw draw, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        using var numbers = new SeededNumbers(draw.Seed);
        (Tensor a, Tensor b) = draw.Bases switch
        {
            RandLoraBases.Dense => Dense(draw, numbers),
            RandLoraBases.Sparse => Sparse(draw, numbers, OneInThree),
            _ => Sparse(draw, numbers, Math.Sqrt(draw.Smaller)),
        };
        return new ProjectionPair(Held(a).DetachFromDisposeScope(), Held(b).DetachFromDisposeScope());

        Tensor Held(Tensor drawn) => SeededNumbers.AsHeldBeside(drawn / drawn.std(), draw.Weight).to(dtype).to(device);
    }

    private static (Tensor A, Tensor B) Dense(RandLoraDraw draw, SeededNumbers numbers)
    {
        Tensor a = Kaiming([draw.Rank, 1, draw.Smaller]);
        Tensor b = empty([draw.Larger, draw.Products, draw.Rank], ScalarType.BFloat16);
        for (long product = 0; product < draw.Products; product++)
        {
            using Tensor drawn = Kaiming([draw.Larger, 1, draw.Rank]);
            b.narrow(1, product, 1).copy_(drawn);
        }
        return (a, b);

        Tensor Kaiming(long[] shape)
        {
            double slope = Math.Sqrt(5);
            double bound = Math.Sqrt(3) * (Math.Sqrt(2 / (1 + (slope * slope))) / Math.Sqrt(shape[2]));
            return numbers.Uniform(shape, -bound, bound).to(ScalarType.BFloat16);
        }
    }

    private static (Tensor A, Tensor B) Sparse(RandLoraDraw draw, SeededNumbers numbers, double sparsity)
    {
        Tensor a = numbers.Uniform([draw.Rank, 1, draw.Smaller], 0, 1), b = numbers.Uniform([draw.Larger, draw.Products, draw.Rank], 0, 1);
        return (Signs(a), Signs(b));

        Tensor Signs(Tensor drawn)
        {
            double share = 1 / (2 * sparsity);
            return drawn.IsMoreThan(1 - share).to(ScalarType.Float32).sub_(drawn.IsLessThan(share).to(ScalarType.Float32));
        }
    }
}
