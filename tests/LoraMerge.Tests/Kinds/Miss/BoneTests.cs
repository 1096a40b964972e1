namespace LoraMerge.Tests.Kinds.Miss;

/// <summary>A block whose rank does not divide the inputs, so that its last repetition is cut off.</summary>
public sealed class BoneTests : KindContract
{
    private protected override string PeftType => "BONE";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix block = layer.Tensor("bone_block", 3, outputs);
        return layer.Example("\"r\": 3, \"init_weights\": true", (o, i) => block[i % 3, o], block);
    }

    /// <summary>The block is repeated over as many inputs as there are.</summary>
    private protected override bool TellsSide(int dimension) => dimension == 0;
}
