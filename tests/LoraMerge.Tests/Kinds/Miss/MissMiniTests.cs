namespace LoraMerge.Tests.Kinds.Miss;

/// <summary>A block that is repeated over inputs and outputs.</summary>
public sealed class MissMiniTests : KindContract
{
    private protected override string PeftType => "MISS";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix block = layer.Tensor("miss_block", 3, 4);
        return layer.Example("\"r\": 3, \"mini_r\": 4, \"init_weights\": \"mini\"", (o, i) => block[i % 3, o % 4], block);
    }

    private protected override bool TellsSide(int dimension) => false;
}
