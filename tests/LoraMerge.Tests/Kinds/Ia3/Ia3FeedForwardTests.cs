namespace LoraMerge.Tests.Kinds.Ia3;

/// <summary>Factors of inputs.</summary>
public sealed class Ia3FeedForwardTests : KindContract
{
    private protected override string PeftType => "IA3";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), 1, 1, inputs);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs), 1, 1, inputs);

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 2), 4, 1, 6, 1, 1);

    private protected override bool TellsSide(int dimension) => dimension == 1;

    private static KindExample Of(Layer layer, int kernel, params long[] shape)
    {
        Matrix factors = layer.Tensor("ia3_l", shape);
        return layer.Example("\"feedforward_modules\": [\"features.0\"]", (o, i) => (factors.Values[i / kernel] - 1) * layer.At(o, i), factors);
    }
}
