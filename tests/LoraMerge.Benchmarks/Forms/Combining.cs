using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>The formulas of <see cref="CombinedForms"/> for two adapters, in float32. Tensors that are as large as the weight lie in buffers.</summary>
internal static class Combining
{
    /// <summary>A way to combine two tensors; both may be written into.</summary>
    public delegate Tensor Way(Tensor first, Tensor second, double firstWeight, double secondWeight);

    private const double Density = CombinedForms.Density;

    private static readonly double[] s_weights = [CombinedForms.FirstWeight, CombinedForms.SecondWeight];

    public static void OnFactors(Workspace x, Way way)
    {
        double[] roots = [.. s_weights.Select(weight => Math.Sqrt(weight * Form.Scaling))];
        Tensor a = way(A(x, 0).clone(), A(x, 1).clone(), roots[0], roots[1]);
        Tensor b = way(B(x, 0).clone(), B(x, 1).clone(), roots[0], roots[1]);
        Add(x, b, a);
    }

    /// <summary>As PEFT does it: the whole matrix, decomposed and cut.</summary>
    public static void OnProducts(Workspace x, Way way)
    {
        Tensor[] products = [.. s_weights.Select((_, i) =>
        {
            Tensor product = x.Buffer($"product {i}", [Form.Side, Form.Side]);
            return product.addmm_(B(x, i), A(x, i), beta: 0, alpha: Form.Scaling);
        })];
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(way(products[0], products[1], s_weights[0], s_weights[1]), fullMatrices: false);
        Add(x, u.narrow(1, 0, Form.Rank) * s.narrow(0, 0, Form.Rank), vh.narrow(0, 0, Form.Rank));
    }

    public static void Cat(Workspace x)
    {
        (Tensor a, Tensor b) = Stacked(x);
        Add(x, b, a);
    }

    /// <summary>The sum has a low rank: its singular values are those of a small matrix.</summary>
    public static void Svd(Workspace x)
    {
        (Tensor a, Tensor b) = Stacked(x);
        (Tensor q1, Tensor r1) = linalg.qr(b.to(ScalarType.Float64));
        (Tensor q2, Tensor r2) = linalg.qr(a.t().to(ScalarType.Float64));
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(r1.matmul(r2.t()));
        Tensor cutB = q1.matmul(u.narrow(1, 0, Form.Rank) * s.narrow(0, 0, Form.Rank));
        Tensor cutA = vh.narrow(0, 0, Form.Rank).matmul(q2.t());
        Add(x, cutB.to(ScalarType.Float32), cutA.to(ScalarType.Float32));
    }

    public static Tensor Linear(Tensor first, Tensor second, double firstWeight, double secondWeight) =>
        first.mul_(firstWeight).add_(second, alpha: secondWeight);

    public static Tensor MagnitudePrune(Tensor first, Tensor second, double firstWeight, double secondWeight) =>
        Linear(KeepLargest(first), KeepLargest(second), firstWeight, secondWeight);

    public static Tensor Ties(Tensor first, Tensor second, double firstWeight, double secondWeight) =>
        Elect(KeepLargest(first), KeepLargest(second), firstWeight, secondWeight);

    public static Tensor DareLinear(Tensor first, Tensor second, double firstWeight, double secondWeight) =>
        Linear(KeepAtRandom(first), KeepAtRandom(second), firstWeight, secondWeight);

    public static Tensor DareTies(Tensor first, Tensor second, double firstWeight, double secondWeight) =>
        Elect(KeepAtRandom(first), KeepAtRandom(second), firstWeight, secondWeight);

    /// <summary>Signs are elected by the sum; what disagrees is left out, what agrees is averaged.</summary>
    private static Tensor Elect(Tensor first, Tensor second, double firstWeight, double secondWeight)
    {
        Tensor majority = first.add(second).sign_();
        majority.add_(majority.eq(0)); // + wins a draw
        Tensor agrees = first.mul(majority).gt(0);
        Tensor secondAgrees = second.mul(majority).gt(0);
        Tensor count = agrees.to(ScalarType.Float32).add_(secondAgrees).clamp_min_(1);
        return first.mul_(agrees).mul_(firstWeight).add_(second.mul_(secondAgrees), alpha: secondWeight).div_(count);
    }

    private static Tensor KeepLargest(Tensor tensor)
    {
        Tensor elements = tensor.view(-1);
        (_, Tensor largest) = elements.abs().topk((int)(Density * elements.shape[0]), sorted: false);
        Tensor mask = zeros(elements.shape[0]);
        mask.index_fill_(0, largest, 1);
        elements.mul_(mask);
        return tensor;
    }

    private static Tensor KeepAtRandom(Tensor tensor) => tensor.mul_(empty_like(tensor).bernoulli_(Density)).div_(Density);

    private static (Tensor A, Tensor B) Stacked(Workspace x) =>
        (cat([.. s_weights.Select((weight, i) => A(x, i) * (weight * Form.Scaling))], 0), cat([.. s_weights.Select((_, i) => B(x, i))], 1));

    private static void Add(Workspace x, Tensor b, Tensor a) => x.Round(CombinedForms.Name, x.Widen(CombinedForms.Name).addmm_(b, a));

    private static Tensor A(Workspace x, int adapter) => x[adapter, CombinedForms.Module + ".lora_A.weight"];

    private static Tensor B(Workspace x, int adapter) => x[adapter, CombinedForms.Module + ".lora_B.weight"];
}
