using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds.Osf;

/// <summary>The smallest singular values, trained anew.</summary>
public sealed class OsfTests : KindContract
{
    private protected override string PeftType => "OSF";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix u = layer.Tensor("osf_svd_params.U_low", outputs, 3),
            s = layer.Tensor("osf_svd_params.S_low", 3),
            v = layer.Tensor("osf_svd_params.V_low", 3, inputs);
        return layer.Example(
            "\"effective_rank\": 5",
            (o, i) => Enumerable.Range(0, 3).Sum(n => u[o, n] * s.Values[n] * v[n, i]) - Smallest()[(o * inputs) + i],
            u,
            s,
            v
        );

        double[] Smallest()
        {
            using var scope = NewDisposeScope();
            (Tensor left, Tensor values, Tensor right) = linalg.svd(tensor(layer.Weight.AsDoubles()).view(outputs, inputs), fullMatrices: false);
            long first = values.shape[0] - 3;
            return left.narrow(1, first, 3).mul(values.narrow(0, first, 3)).matmul(right.narrow(0, first, 3)).data<double>().ToArray();
        }
    }
}
