namespace LoraMerge.Tests.Kinds.C3a;

/// <summary>Circulant blocks.</summary>
public sealed class C3aTests : KindContract
{
    private protected override string PeftType => "C3A";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix kernel = layer.Tensor("c3a_kernel", outputs / 4, inputs / 4, 4);
        return layer.Example(
            "\"block_size\": 4",
            (o, i) => kernel.Values[(((o / 4 * (inputs / 4)) + (i / 4)) * 4) + (((i % 4) - (o % 4) + 4) % 4)] / (double)inputs,
            kernel
        );
    }
}
