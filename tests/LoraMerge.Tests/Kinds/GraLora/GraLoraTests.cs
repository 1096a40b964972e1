namespace LoraMerge.Tests.Kinds.GraLora;

/// <summary>Products for each block, and one for all.</summary>
public sealed class GraLoraTests : KindContract
{
    private protected override string PeftType => "GRALORA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    private static KindExample Of(Layer layer)
    {
        int outputs = layer.Outputs / 2,
            inputs = layer.Inputs / 2;
        Matrix a = layer.Tensor("gralora_A", 2, inputs, 4),
            b = layer.Tensor("gralora_B", 2, 4, outputs);
        Matrix generalA = layer.Tensor("gralora_A_general.weight", 3, layer.Inputs),
            generalB = layer.Tensor("gralora_B_general.weight", layer.Outputs, 3);
        return layer.Example(
            "\"alpha\": 14, \"r\": 4, \"hybrid_r\": 3, \"gralora_k\": 2",
            (o, i) => 2 * (Block(o, i) + Layer.Product(generalB, generalA, o, i)),
            a,
            b,
            generalA,
            generalB
        );

        double Block(int o, int i)
        {
            (int j, int n) = (o / outputs, i / inputs);
            return Enumerable
                .Range(0, 2)
                .Sum(q => (double)a.Values[(((n * inputs) + (i % inputs)) * 4) + (j * 2) + q] * b.Values[(((j * 4) + (n * 2) + q) * outputs) + (o % outputs)]);
        }
    }
}
