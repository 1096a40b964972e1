namespace LoraMerge.Tests.Kinds.Ia3;

/// <summary>Factors of outputs, which multiply the bias, too.</summary>
public sealed class Ia3Tests : KindContract
{
    private protected override string PeftType => "IA3";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix factors = layer.Tensor("ia3_l", outputs, 1);
        return layer.ExampleWithBias(
            Fields,
            (o, i) => (factors.Values[o] - 1) * layer.At(o, i),
            bias => [.. bias.Select((value, o) => value * factors.Values[o])],
            factors
        );
    }

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs), outputs, 1);

    private protected override KindExample? OfConvolution() => Of(Layer.Convolution(2, 2), 1, 4, 1, 1);

    private protected override bool TellsSide(int dimension) => dimension == 0;

    private const string Fields = "\"feedforward_modules\": [\"down_proj\"]";

    private static KindExample Of(Layer layer, params long[] shape)
    {
        Matrix factors = layer.Tensor("ia3_l", shape);
        return layer.Example(Fields, (o, i) => (factors.Values[o] - 1) * layer.At(o, i), factors);
    }
}
