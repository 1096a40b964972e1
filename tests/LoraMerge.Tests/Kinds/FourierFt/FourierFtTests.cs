namespace LoraMerge.Tests.Kinds.FourierFt;

/// <summary>Frequencies at drawn places.</summary>
public sealed class FourierFtTests : KindContract
{
    private protected override string PeftType => "FOURIERFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    private protected override bool TellsSide(int dimension) => false;

    private static KindExample Of(Layer layer)
    {
        Matrix spectrum = layer.Tensor("fourierft_spectrum", 7);
        long elements = (long)layer.Outputs * layer.Inputs;
        return layer.Example(
            "\"scaling\": 30.0, \"random_loc_seed\": 9",
            (o, i) =>
                30.0
                / elements
                * SeededOrder
                    .Of(elements, 9)
                    .Take(7)
                    .Select(
                        (place, n) =>
                            spectrum.Values[n]
                            * Math.Cos(2 * Math.PI * ((place / layer.Inputs * o / (double)layer.Outputs) + (place % layer.Inputs * i / (double)layer.Inputs)))
                    )
                    .Sum(),
            spectrum
        );
    }
}
