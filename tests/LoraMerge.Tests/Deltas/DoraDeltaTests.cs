using LoraMerge.Deltas;
using LoraMerge.Devices;
using LoraMerge.Kinds.Lora;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

/// <summary>DoRA of PEFT 0.9 and 0.10 on square weights that are stored input by output.</summary>
public sealed class DoraDeltaTests
{
    static DoraDeltaTests() => NativeLibraries.Load(null);

    [Fact]
    public void Norms_of_old_releases_are_those_of_the_weight_as_stored()
    {
        using var scope = NewDisposeScope();
        Tensor w = TensorArithmetic.CountFrom(1, 9, CPU).to(ScalarType.Float64).reshape(3, 3); // [in, out]
        Tensor a = tensor(new double[,] { { 0.5, -1, 2 } }); // [r, in]
        Tensor b = tensor(new double[,] { { 1 }, { -2 }, { 0.25 } }); // [out, r]
        Tensor m = tensor(new double[] { 3, 4, 5 }); // [out]
        const double s = 1.5;
        Tensor v = w.t().Plus(b.matmul(a).Times(s)); // [out, in]
        Tensor norm = linalg.norm(w.Plus(b.matmul(a).Times(s)), ord: 2.0, dims: [1]);
        Tensor expected = ((m / norm).unsqueeze(1) * v).t();

        // Stored [in, out], the factors of the product change places.
        using var delta = new DoraDelta(new LowRankDelta(b.t().clone(), a.t().clone(), s), m.clone(), isByColumn: true, adapterWeight: 1, "h.0.attn.c_proj",
            new LowRankDelta(a.clone(), b.clone(), s));
        delta.Observe(0, w.narrow(0, 0, 2).clone(), 0);
        delta.Observe(0, w.narrow(0, 2, 1).clone(), 2);
        Tensor result = w.clone();
        delta.ApplyTo(result, 0);

        Assert.True(allclose(expected, result, rtol: 1e-12, atol: 0));
    }
}
