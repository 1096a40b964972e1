using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>Finds the scales of Q6_K: sixteen sub-blocks of 16 elements, eight at a time, one in each lane.</summary>
/// <remarks>
/// Per sub-block: a = −32 / (the x of largest magnitude), q = a·x, nearest, in −32…31; the scale that fits best with weights x² is s = Σx³q / Σx²q².
/// The same for a = −(32 + 0.1·k) / x, k = −9…9 without 0; kept where (Σx³q)² / Σx²q² grows. It is the search of llama.cpp, every sum in its order,
/// so that the results are equal to the last bit.
/// </remarks>
internal static unsafe class ScaleSearch
{
    private const int SubBlockLength = 16;
    private const int Levels = 32;
    private const float Smallest = 1e-15f; // below, all is zero

    /// <param name="values">256.</param>
    /// <param name="scales">Those of the sixteen sub-blocks; 0 for one of zeros.</param>
    /// <param name="grids">The a of each scale; 0 for a sub-block of zeros.</param>
    public static void Find(ReadOnlySpan<float> values, Span<float> scales, Span<float> grids)
    {
        FindEight(values, scales, grids);
        FindEight(values[128..], scales[8..], grids[8..]);
    }

    [SkipLocalsInit]
    private static void FindEight(ReadOnlySpan<float> values, Span<float> scales, Span<float> grids)
    {
        Vector256<float>* x = stackalloc Vector256<float>[SubBlockLength]; // element i of all sub-blocks
        Vector256<float> extreme = default;
        for (int i = 0; i < SubBlockLength; i++)
        {
            x[i] = Vector256.Create(
                values[i], values[16 + i], values[32 + i], values[48 + i], values[64 + i], values[80 + i], values[96 + i], values[112 + i]);
            extreme = Vector256.ConditionalSelect(Vector256.GreaterThan(Vector256.Abs(x[i]), Vector256.Abs(extreme)), x[i], extreme);
        }

        Vector256<float> isZero = Vector256.LessThan(Vector256.Abs(extreme), Vector256.Create(Smallest));
        Vector256<float> grid = Vector256.Create((float)-Levels) / extreme;
        Vector256<float> bestGrid = grid;
        Sum(x, grid, out Vector256<float> xq, out Vector256<float> q2);
        Vector256<float> scale = Vector256.AndNot(xq / q2, Vector256.Equals(q2, default));
        Vector256<float> best = scale * xq;
        for (int k = -9; k <= 9; k++)
        {
            if (k == 0)
                continue;
            grid = Vector256.Create(-(Levels + (0.1f * k))) / extreme;
            Sum(x, grid, out xq, out q2);
            Vector256<float> isBetter = Vector256.GreaterThan(q2, default) & Vector256.GreaterThan(xq * xq, best * q2);
            Vector256<float> fit = xq / q2;
            scale = Vector256.ConditionalSelect(isBetter, fit, scale);
            best = Vector256.ConditionalSelect(isBetter, fit * xq, best);
            bestGrid = Vector256.ConditionalSelect(isBetter, grid, bestGrid);
        }

        Vector256.AndNot(scale, isZero).CopyTo(scales);
        Vector256.AndNot(bestGrid, isZero).CopyTo(grids);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(Vector256<float>* x, Vector256<float> grid, out Vector256<float> xq, out Vector256<float> q2)
    {
        Vector256<float> sumXQ = default, sumQ2 = default;
        for (int i = 0; i < SubBlockLength; i++)
        {
            Vector256<float> q = Number(x[i], grid);
            Vector256<float> w = x[i] * x[i];
            sumXQ += w * x[i] * q;
            sumQ2 += w * q * q;
        }

        (xq, q2) = (sumXQ, sumQ2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Number(Vector256<float> x, Vector256<float> grid) => Lanes.Clamp(Lanes.Round(grid * x), -Levels, Levels - 1);
}
