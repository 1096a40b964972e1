namespace LoraMerge.Tests.Kinds.DeLora;

/// <summary>A product of a trained length.</summary>
public sealed class DeLoraTests : KindContract
{
    private protected override string PeftType => "DELORA";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix a = layer.Tensor("delora_A", 2, inputs),
            b = layer.Tensor("delora_B", outputs, 2),
            length = layer.Tensor("delora_lambda", 1),
            norms = layer.Tensor("delora_w_norm", inputs);
        return layer.Example("\"r\": 2", Delta, a, b, length, norms);

        double Delta(int o, int i) =>
            norms.Values[i]
            * Enumerable
                .Range(0, 2)
                .Sum(r =>
                    length.Values[0]
                    / 2
                    * b[o, r]
                    * a[r, i]
                    / Math.Sqrt(Enumerable.Range(0, inputs).Sum(n => a[r, n] * a[r, n]))
                    / Math.Sqrt(Enumerable.Range(0, outputs).Sum(n => b[n, r] * b[n, r]))
                );
    }
}
