using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraMerge.Gguf.Blocks;

/// <summary>What Q4_K and Q5_K share: finds scale and minimum of eight sub-blocks of 32 elements, one sub-block in each lane.</summary>
/// <remarks>
/// Per sub-block, with weights w = √(mean x²) + |x|: lo = min(0, min x), hi = max x. The start is the grid from lo to hi. Then grids of (levels +
/// offset + 0.1·k) steps are laid from the lo found so far to hi; the numbers q they give are fitted by least squares x ≈ s·q + t, with t ≤ 0; the
/// fit is kept where Σw(s·q + t − x)² falls. It is the search of llama.cpp, every sum in its order, so that the results are equal to the last bit.
/// </remarks>
internal readonly unsafe ref struct ScaleAndMinimumSearch
{
    public const int SubBlocks = Lanes.Count;
    public const int SubBlockLength = 32;

    private readonly Vector256<float>* _x; // element i of all sub-blocks
    private readonly Vector256<float>* _w;
    private readonly Vector256<float>* _q;
    private readonly Vector256<float>* _grid; // what the kept numbers were laid out by
    private readonly Vector256<float>* _lo;
    private readonly float _levels;

    /// <param name="memory">Room for <see cref="MemoryLength"/> vectors.</param>
    /// <param name="values">256.</param>
    /// <param name="levels">The largest number: 15 or 31.</param>
    public ScaleAndMinimumSearch(Vector256<float>* memory, ReadOnlySpan<float> values, int levels)
    {
        _x = memory;
        _w = memory + SubBlockLength;
        _q = memory + (2 * SubBlockLength);
        _grid = memory + (3 * SubBlockLength);
        _lo = _grid + 1;
        _levels = levels;
        for (int i = 0; i < SubBlockLength; i++)
        {
            _x[i] = Vector256.Create(
                values[i], values[32 + i], values[64 + i], values[96 + i], values[128 + i], values[160 + i], values[192 + i], values[224 + i]);
        }

        Vector256<float> squares = default;
        for (int i = 0; i < SubBlockLength; i++)
            squares += _x[i] * _x[i];
        Vector256<float> mean = Vector256.Sqrt(squares / SubBlockLength);
        for (int i = 0; i < SubBlockLength; i++)
            _w[i] = mean + Vector256.Abs(_x[i]);
    }

    /// <summary>Vectors of scratch memory that a search needs.</summary>
    public static int MemoryLength => (3 * SubBlockLength) + 2;

    /// <param name="offset">What the first grid has more than the levels.</param>
    /// <param name="lastGrid">The last k.</param>
    /// <param name="scales">Scales of the sub-blocks; 0 where all its values are one, not above 0.</param>
    /// <param name="minima">What is subtracted: −t.</param>
    public void Find(float offset, int lastGrid, out Vector256<float> scales, out Vector256<float> minima)
    {
        Vector256<float> lo = _x[0], hi = _x[0], sumW = _w[0], sumX = _w[0] * _x[0];
        for (int i = 1; i < SubBlockLength; i++)
        {
            lo = Vector256.MinNative(_x[i], lo);
            hi = Vector256.MaxNative(_x[i], hi);
            sumW += _w[i];
            sumX += _w[i] * _x[i];
        }

        lo = Vector256.MinNative(lo, default);
        Vector256<float> isFlat = Vector256.Equals(lo, hi);

        Vector256<float> grid = Vector256.Create(_levels) / (hi - lo);
        scales = Vector256<float>.One / grid;
        Vector256<float> bestGrid = grid, bestLo = lo;
        LayGrid(grid, lo);
        Vector256<float> bestError = Error(scales, lo);
        for (int k = 0; k <= lastGrid; k++)
        {
            grid = Vector256.Create(offset + (0.1f * k) + _levels) / (hi - lo);
            LayGrid(grid, lo, out Vector256<float> sumQ, out Vector256<float> sumQ2, out Vector256<float> sumXQ);
            Vector256<float> determinant = (sumW * sumQ2) - (sumQ * sumQ);
            Vector256<float> s = ((sumW * sumXQ) - (sumX * sumQ)) / determinant;
            Vector256<float> t = ((sumQ2 * sumX) - (sumQ * sumXQ)) / determinant;
            Vector256<float> isAbove = Vector256.GreaterThan(t, default);
            s = Vector256.ConditionalSelect(isAbove, sumXQ / sumQ2, s);
            t = Vector256.AndNot(t, isAbove);
            Vector256<float> error = Error(s, t);
            Vector256<float> isBetter = Vector256.LessThan(error, bestError) & Vector256.GreaterThan(determinant, default);
            if (isBetter == default)
                continue;
            bestError = Vector256.ConditionalSelect(isBetter, error, bestError);
            scales = Vector256.ConditionalSelect(isBetter, s, scales);
            bestGrid = Vector256.ConditionalSelect(isBetter, grid, bestGrid);
            bestLo = Vector256.ConditionalSelect(isBetter, lo, bestLo);
            lo = Vector256.ConditionalSelect(isBetter, t, lo);
        }

        scales = Vector256.AndNot(scales, isFlat);
        minima = -lo;
        *_grid = Vector256.AndNot(bestGrid, isFlat);
        *_lo = Vector256.AndNot(bestLo, isFlat);
    }

    /// <summary>The numbers that the search found for a sub-block, wanted where its scale is later rounded to 0.</summary>
    public void CopyNumbers(int subBlock, Span<byte> numbers)
    {
        for (int i = 0; i < SubBlockLength; i++)
            numbers[i] = (byte)Math.Clamp(Lanes.Round((*_grid)[subBlock] * (_x[i][subBlock] - (*_lo)[subBlock])), 0, (int)_levels);
    }

    private void LayGrid(Vector256<float> grid, Vector256<float> lo)
    {
        for (int i = 0; i < SubBlockLength; i++)
            _q[i] = Lanes.Clamp(Lanes.Round(grid * (_x[i] - lo)), 0, _levels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LayGrid(Vector256<float> grid, Vector256<float> lo, out Vector256<float> sumQ, out Vector256<float> sumQ2, out Vector256<float> sumXQ)
    {
        Vector256<float> wq, wqq = default, wqx = default, wqs = default;
        for (int i = 0; i < SubBlockLength; i++)
        {
            Vector256<float> q = Lanes.Clamp(Lanes.Round(grid * (_x[i] - lo)), 0, _levels);
            _q[i] = q;
            wq = _w[i] * q;
            wqs += wq;
            wqq += wq * q;
            wqx += wq * _x[i];
        }

        (sumQ, sumQ2, sumXQ) = (wqs, wqq, wqx);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Error(Vector256<float> s, Vector256<float> t)
    {
        Vector256<float> error = default;
        for (int i = 0; i < SubBlockLength; i++)
        {
            Vector256<float> difference = ((s * _q[i]) + t) - _x[i];
            error += _w[i] * (difference * difference);
        }

        return error;
    }
}
