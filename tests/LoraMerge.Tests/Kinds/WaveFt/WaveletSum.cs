namespace LoraMerge.Tests.Kinds.WaveFt;

/// <summary>The inverse wavelet transform of a few numbers, each by itself.</summary>
internal static class WaveletSum
{
    public static KindExample Of(Layer layer, string family, double[] low)
    {
        Matrix spectrum = layer.Tensor("waveft_spectrum", 7);
        double[] high = [.. low.Select((_, i) => (i % 2 == 0 ? 1 : -1) * low[low.Length - 1 - i])];
        (int half, int offset) = Side(layer.Outputs);
        (int rightHalf, int rightOffset) = Side(layer.Inputs);
        return layer.Example(
            $"\"scaling\": 2.0, \"random_loc_seed\": 9, \"wavelet_family\": \"{family}\"",
            (o, i) =>
                2
                * SeededOrder
                    .Of((long)layer.Outputs * layer.Inputs, 9)
                    .Take(7)
                    .Select(
                        (place, n) =>
                        {
                            int row = (int)(place / layer.Inputs) + offset,
                                column = (int)(place % layer.Inputs) + rightOffset;
                            double f = At(column >= rightHalf ? high : low, o - (2 * (row % half))),
                                g = At(row >= half ? high : low, i - (2 * (column % rightHalf)));
                            return spectrum.Values[n] * f * g;
                        }
                    )
                    .Sum(),
            spectrum
        );

        double At(double[] filter, int tap) => tap + low.Length - 2 is var index && index >= 0 && index < low.Length ? filter[index] : 0;

        (int Half, int Offset) Side(int length) => ((length + low.Length - 1) / 2) is var h ? (h, ((2 * h) - length) / 2) : default;
    }
}
