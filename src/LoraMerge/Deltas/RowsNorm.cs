using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>‖x‖ (Frobenius) of rows, or of any numbers, summed in float64.</summary>
internal static class RowsNorm
{
    /// <param name="rows">float32 or float64.</param>
    /// <returns>Infinite or no number where a square or an element is.</returns>
    public static double Of(Tensor rows)
    {
        if (rows.dtype == ScalarType.Float32 && rows.device_type == DeviceType.CPU && rows.is_contiguous())
        {
            // Without a copy in float64, which would cost more than most formulas.
            double sum = SumOfSquares(MemoryMarshal.Cast<byte, float>(rows.bytes));
            GC.KeepAlive(rows);
            return Math.Sqrt(sum);
        }
        using var scope = NewDisposeScope();
        return rows.to(ScalarType.Float64).norm().item<double>();
    }

    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        Vector<double> some = Vector<double>.Zero, others = Vector<double>.Zero;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (Vector<float> vector in vectors)
        {
            Vector.Widen(vector, out Vector<double> low, out Vector<double> high);
            some = Vector.FusedMultiplyAdd(low, low, some);
            others = Vector.FusedMultiplyAdd(high, high, others);
        }
        double sum = Vector.Sum(some + others);
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..])
            sum += (double)value * value;
        return sum;
    }
}
