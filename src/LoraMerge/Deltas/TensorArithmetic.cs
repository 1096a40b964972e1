using TorchSharp;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>What formulas do with numbers, and sums. Verbs change the tensor that they are called on and return it; all else makes a new tensor.</summary>
/// <remarks>
/// TorchSharp makes an object of each number, and one of the 1 by which the second tensor of a sum is multiplied. It hands torch a pointer out of it and keeps
/// nothing: the garbage collector may take the object while torch reads the number. Here it lives until torch has returned. So nothing else in this project
/// calls a member of TorchSharp that takes or makes such an object (<c>TorchScalarTests</c>); differences, products and quotients of tensors need none.
/// </remarks>
internal static class TensorArithmetic
{
    /// <summary>An integer, which tensors of all dtypes take.</summary>
    private static readonly Scalar s_one = 1.ToScalar();

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, s_one);

    /// <summary>a + n.</summary>
    public static Tensor Plus(this Tensor a, long n)
    {
        using Scalar scalar = n.ToScalar();
        return a.add(scalar, s_one);
    }

    /// <summary>a - n.</summary>
    public static Tensor Minus(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.sub(scalar);
    }

    /// <summary>a·n.</summary>
    public static Tensor Times(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.mul(scalar);
    }

    /// <summary>a / n.</summary>
    public static Tensor DividedBy(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.div(scalar);
    }

    /// <summary>⌊a / n⌋.</summary>
    public static Tensor FloorDividedBy(this Tensor a, long n)
    {
        using Scalar scalar = n.ToScalar();
        return a.div(scalar, RoundingMode.floor);
    }

    /// <summary>a mod n, which has the sign of n.</summary>
    public static Tensor Modulo(this Tensor a, long n)
    {
        using Scalar scalar = n.ToScalar();
        return a.remainder(scalar);
    }

    /// <summary>aⁿ.</summary>
    public static Tensor ToThePower(this Tensor a, long n)
    {
        using Scalar scalar = n.ToScalar();
        return a.pow(scalar);
    }

    /// <summary>max(a, least).</summary>
    public static Tensor AtLeast(this Tensor a, Number least)
    {
        using Scalar scalar = least.ToScalar();
        return a.clamp_min(scalar);
    }

    /// <summary>min(a, most).</summary>
    public static Tensor AtMost(this Tensor a, Number most)
    {
        using Scalar scalar = most.ToScalar();
        return a.clamp_max(scalar);
    }

    /// <summary>min(max(a, least), most).</summary>
    public static Tensor Within(this Tensor a, long least, long most)
    {
        using Scalar low = least.ToScalar();
        using Scalar high = most.ToScalar();
        return a.clamp(low, high);
    }

    /// <summary>Where a = n.</summary>
    public static Tensor Is(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.eq(scalar);
    }

    /// <summary>Where a ≠ n.</summary>
    public static Tensor IsNot(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.ne(scalar);
    }

    /// <summary>Where a &lt; n.</summary>
    public static Tensor IsLessThan(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.lt(scalar);
    }

    /// <summary>Where a ≤ n.</summary>
    public static Tensor IsAtMost(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.le(scalar);
    }

    /// <summary>Where a &gt; n.</summary>
    public static Tensor IsMoreThan(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.gt(scalar);
    }

    /// <summary>Where a ≥ n.</summary>
    public static Tensor IsAtLeast(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.ge(scalar);
    }

    /// <summary>a += b.</summary>
    public static Tensor Add(this Tensor a, Tensor b) => a.add_(b, s_one);

    /// <summary>a += n·b.</summary>
    public static Tensor Add(this Tensor a, Tensor b, Number times)
    {
        using Scalar scalar = times.ToScalar();
        return a.add_(b, scalar);
    }

    /// <summary>a += n.</summary>
    public static Tensor Add(this Tensor a, double n)
    {
        using Scalar scalar = n.ToScalar();
        return a.add_(scalar, s_one);
    }

    /// <summary>a += n.</summary>
    public static Tensor Add(this Tensor a, long n)
    {
        using Scalar scalar = n.ToScalar();
        return a.add_(scalar, s_one);
    }

    /// <summary>a -= n.</summary>
    public static Tensor Subtract(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.sub_(scalar);
    }

    /// <summary>a ·= n.</summary>
    public static Tensor Multiply(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.mul_(scalar);
    }

    /// <summary>a /= n.</summary>
    public static Tensor Divide(this Tensor a, Number n)
    {
        using Scalar scalar = n.ToScalar();
        return a.div_(scalar);
    }

    /// <summary>a = max(a, least).</summary>
    public static Tensor RaiseTo(this Tensor a, Number least)
    {
        using Scalar scalar = least.ToScalar();
        return a.clamp_min_(scalar);
    }

    /// <summary>a += n·(b ⊙ c).</summary>
    public static Tensor AddProduct(this Tensor a, Tensor b, Tensor c, Number times)
    {
        using Scalar scalar = times.ToScalar();
        return a.addcmul_(b, c, scalar);
    }

    /// <summary>a[…, places[i], …] += values[…, i, …] for each i, in a's side of that number.</summary>
    public static Tensor AddAt(this Tensor a, long side, Tensor places, Tensor values) => a.index_add_(side, places, values, s_one);

    /// <summary>a[…, places[i], …] += n·values[…, i, …] for each i, in a's side of that number.</summary>
    public static Tensor AddAt(this Tensor a, long side, Tensor places, Tensor values, Number times)
    {
        using Scalar scalar = times.ToScalar();
        return a.index_add_(side, places, values, scalar);
    }

    /// <summary>mask[places[i]] = true for each i.</summary>
    public static Tensor Mark(this Tensor mask, Tensor places)
    {
        using Scalar scalar = true.ToScalar();
        return mask.index_fill_(0, places, scalar);
    }

    /// <summary>first, first + 1, …: int64 <c>[count]</c>.</summary>
    public static Tensor CountFrom(long first, long count, Device device)
    {
        using Scalar start = first.ToScalar();
        using Scalar end = (first + count).ToScalar();
        return arange(start, end, s_one, ScalarType.Int64, device);
    }
}
