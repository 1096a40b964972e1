namespace LoraMerge.Tests.Kinds.Beft;

/// <summary>What is added to a bias.</summary>
public sealed class BeftTests : KindContract
{
    private protected override string PeftType => "BEFT";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix added = layer.Tensor("beft_bias", 1, outputs);
        KindExample example = layer.ExampleWithBias("", (_, _) => 0, bias => [.. bias.Select((value, o) => value + added.Values[o])], added);
        return example with { Expected = () => example.Expected().Remove(layer.Weight.Name) };
    }

    private protected override bool TellsSide(int dimension) => false;
}
