namespace LoraMerge.Tests.Kinds.Road;

/// <summary>Two angles for each output.</summary>
public sealed class Road4Tests : KindContract
{
    private protected override string PeftType => "ROAD";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix theta = layer.Tensor("road_theta", outputs * 2), alpha = layer.Tensor("road_alpha", outputs * 2);
        return layer.ExampleWithBias(
            "\"variant\": \"road_4\", \"group_size\": 4",
            (o, i) => Turned(o, row => layer.At(row, i)) - layer.At(o, i),
            bias => [.. bias.Select((_, o) => Turned(o, row => bias[row]))],
            theta,
            alpha
        );

        double Turned(int o, Func<int, double> value)
        {
            int own = (o / 4 * 8) + (o % 4), partners = own + 4;
            double partner = o % 4 < 2 ? -value(o + 2) : value(o - 2);
            return (alpha.Values[own] * Math.Cos(theta.Values[own]) * value(o)) + (alpha.Values[partners] * Math.Sin(theta.Values[partners]) * partner);
        }
    }

    private protected override bool TellsSide(int dimension) => dimension == 0;
}
