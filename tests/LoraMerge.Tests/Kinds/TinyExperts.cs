namespace LoraMerge.Tests.Kinds;

/// <summary>Experts one by one, as the tests' yardstick for all other forms.</summary>
internal static class TinyExperts
{
    public const int Count = 3;

    /// <summary>Per expert: gate and up <c>[inner, hidden]</c>, down <c>[hidden, inner]</c>.</summary>
    public static (Matrix[] Gates, Matrix[] Ups, Matrix[] Downs) Weights(int hidden, int inner, Func<string, int, string> name)
    {
        Matrix[] Of(string layer, int rows, int columns) => [.. Enumerable.Range(0, Count).Select(e => Matrix.Of(name(layer, e), rows, columns))];
        return (Of("gate_proj", inner, hidden), Of("up_proj", inner, hidden), Of("down_proj", hidden, inner));
    }

    public static Matrix Stack(string name, Matrix[] experts) =>
        new(name, [experts.Length, .. experts[0].Shape], [.. experts.SelectMany(expert => expert.Values)]);
}

/// <summary>Which way fused experts lie.</summary>
internal enum FusedWay
{
    /// <summary>Output by input, gate above up.</summary>
    Straight,

    /// <summary>Input by output, gate beside up.</summary>
    Turned,

    /// <summary>Input by output, a column of gate, a column of up, and so on.</summary>
    TurnedInTurns,
}

/// <summary>How a family's files fuse experts.</summary>
internal sealed record FusedLayout(string GateUp, string Down, FusedWay Way)
{
    public Matrix[] Fuse(Matrix[] gates, Matrix[] ups, Matrix[] downs)
    {
        (int hidden, int inner) = ((int)gates[0].Shape[1], (int)gates[0].Shape[0]);
        double[][] Doubles(Matrix[] matrices) => [.. matrices.Select(matrix => matrix.AsDoubles())];
        (double[] gateUp, double[] down) = Fuse(Doubles(gates), Doubles(ups), Doubles(downs), hidden, inner);
        return
        [
            new Matrix(
                "model.layers.0." + GateUp,
                Way == FusedWay.Straight ? [TinyExperts.Count, 2 * inner, hidden] : [TinyExperts.Count, hidden, 2 * inner],
                [.. gateUp.Select(value => (float)value)]
            ),
            new Matrix(
                "model.layers.0." + Down,
                Way == FusedWay.Straight ? [TinyExperts.Count, hidden, inner] : [TinyExperts.Count, inner, hidden],
                [.. down.Select(value => (float)value)]
            ),
        ];
    }

    public (double[] GateUp, double[] Down) Fuse(double[][] gates, double[][] ups, double[][] downs, int hidden, int inner)
    {
        var gateUp = new List<double>();
        var down = new List<double>();
        for (int e = 0; e < TinyExperts.Count; e++)
        {
            if (Way == FusedWay.Straight)
            {
                gateUp.AddRange([.. gates[e], .. ups[e]]);
                down.AddRange(downs[e]);
                continue;
            }
            for (int h = 0; h < hidden; h++)
            {
                IEnumerable<double> gate = Enumerable.Range(0, inner).Select(i => gates[e][(i * hidden) + h]);
                IEnumerable<double> up = Enumerable.Range(0, inner).Select(i => ups[e][(i * hidden) + h]);
                gateUp.AddRange(Way == FusedWay.Turned ? gate.Concat(up) : gate.Zip(up).SelectMany(both => (double[])[both.First, both.Second]));
            }
            down.AddRange(from i in Enumerable.Range(0, inner) from h in Enumerable.Range(0, hidden) select downs[e][(h * inner) + i]);
        }
        return ([.. gateUp], [.. down]);
    }
}
