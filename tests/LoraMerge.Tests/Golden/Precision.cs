using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Golden;

/// <summary>How far values are from the exact ones, and how far they may be: tests/fixtures/golden/README.md, "What passes".</summary>
internal sealed record Precision(double Mean, double Worst)
{
    public static Precision Of(double[] exact, double[] values)
    {
        double sum = 0, worst = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            double error = Math.Abs(exact[i] - values[i]);
            sum += error;
            worst = Math.Max(worst, error);
        }
        return new Precision(exact.Length == 0 ? 0 : sum / exact.Length, worst);
    }

    /// <summary>Null where the output is near enough, else what is wrong.</summary>
    public static string? Fault(double[] exact, double[] peft, double[] output, DType dtype)
    {
        Precision of = Of(exact, output);
        Precision reference = Of(exact, peft);
        bool isFloat32 = dtype == DType.F32;
        double meanLimit = (reference.Mean * (isFloat32 ? 1.5 : 1.01)) + 1e-12;
        double worstLimit = Math.Max(reference.Worst, (isFloat32 ? 4 : 0.51) * UlpAt(exact.Select(Math.Abs).DefaultIfEmpty(0).Max(), dtype));
        return of.Mean > meanLimit ? $"mean error {of.Mean:g4}, at most {meanLimit:g4}"
            : of.Worst > worstLimit ? $"worst error {of.Worst:g4}, at most {worstLimit:g4}"
            : null;
    }

    /// <summary>The nearest number of a dtype, ties to even.</summary>
    public static double Round(double value, DType dtype) => dtype switch
    {
        DType.F32 => (float)value,
        DType.F16 => (double)(Half)value,
        DType.BF16 when value != 0 => Math.Round(value / UlpAt(Math.Abs(value), dtype), MidpointRounding.ToEven) * UlpAt(Math.Abs(value), dtype),
        _ => value,
    };

    private static double UlpAt(double magnitude, DType dtype)
    {
        int bits = dtype switch { DType.BF16 => 8, DType.F16 => 11, DType.F32 => 24, _ => 53 };
        return magnitude == 0 ? 0 : Math.ScaleB(1, Math.ILogB(magnitude) + 1 - bits);
    }
}
