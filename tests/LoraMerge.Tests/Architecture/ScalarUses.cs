using TorchSharp;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Architecture;

/// <summary>How formulas could come to a scalar of TorchSharp that nothing keeps; a test holds that each is found. Never run.</summary>
internal static class ScalarUses
{
    public static Tensor OperatorOfTwoTensors(Tensor a, Tensor b) => a + b;

    public static Tensor OperatorWithNumber(Tensor a) => 2.0 * a;

    public static Tensor Assignment(Tensor a)
    {
        a -= 1;
        return a;
    }

    public static Tensor ConversionOfAnArgument(Tensor a) => a.clamp(0, 6);

    public static Tensor Comparison(Tensor a) => a > 0;

    public static Tensor HiddenInAMember(Tensor a) => a.square();

    public static Tensor HiddenInAFunction(Tensor a) => linalg.vector_norm(a);

    public static Tensor Range() => arange(3);

    public static Tensor OfItsOwn(Tensor a) => a.mul(2.ToScalar());

    public static Func<Tensor, Tensor> Lambda() => a => a.add(1);

    public static Func<Tensor, Tensor> Method(Tensor a) => a.add;

    public static IEnumerable<Tensor> Iterator(Tensor a)
    {
        yield return a / 2;
    }

    public static async Task<Tensor> Task(Task<Tensor> a) => await a * 3;

    public static Tensor Kept(Tensor a)
    {
        using Scalar low = 1.ToScalar();
        using Scalar high = 2.ToScalar();
        return a.clamp(low, high);
    }

    public static Tensor OneOfTwoKept(Tensor a)
    {
        using Scalar low = 1.ToScalar();
        return a.clamp(low, 2.ToScalar());
    }

    public static Tensor KeptTooShort(Tensor a)
    {
        Scalar factor;
        using (factor = 2.ToScalar())
            a = a.neg();
        return a.mul(factor);
    }

    public static Tensor KeptBesideAHiddenOne(Tensor a)
    {
        using Scalar scalar = 1.ToScalar();
        return a.add(scalar); // which makes another, of the factor
    }

    public static Tensor LocalFunction(Tensor a)
    {
        return Doubled();

        Tensor Doubled() => a * 2;
    }
}
