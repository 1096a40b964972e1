using LoraMerge.Gguf.Architectures;

namespace LoraMerge.Formats.GgufAdapter;

/// <summary>A low-rank change B·A of a matrix: what is done to the matrix on its way to the file is done to B's rows and A's columns.</summary>
/// <param name="B"><c>[rows, rank]</c>.</param>
/// <param name="A"><c>[rank, columns]</c>.</param>
/// <param name="Rows">Rows of the matrix.</param>
/// <param name="Columns">Columns of the matrix.</param>
internal sealed record FactorMatrices(float[] B, float[] A, long Rows, long Columns)
{
    public long Rank => B.Length / Rows;

    /// <summary>Whether a step leaves a change of low rank one that can be told by its factors.</summary>
    /// <param name="step">The step; of a stack those behind it, by matrix.</param>
    public static bool CanFollow(Step step) => step is Step.Rope or Step.Plus or Step.Transpose or Step.Take or Step.Arrange;

    /// <summary>The change of what the step makes of the matrix.</summary>
    /// <param name="step">The step.</param>
    /// <param name="axes">Dimensions before the matrix's own: one in a stack.</param>
    public FactorMatrices After(Step step, int axes = 0) => step switch
    {
        Step.Plus => this,
        Step.Rope rope => this with { B = Pick(B, Rows, Rank, row => RopeSource(row, Rows / rope.Heads)) },
        Step.Transpose => new FactorMatrices(Turn(A, Rank), Turn(B, Rows), Columns, Rows),
        Step.Take take when take.Axis == axes => this with { Rows = take.Count, B = Pick(B, take.Count, Rank, row => take.Start + (row * take.By)) },
        Step.Take take => Turned().After(take with { Axis = axes }, axes).Turned(),
        Step.Arrange order when order.Axis == axes => Arranged(order),
        Step.Arrange order => Turned().After(order with { Axis = axes }, axes).Turned(),
        _ => throw new ArgumentException($"{step} is not followed.", nameof(step)),
    };

    /// <summary>The same change with as many directions as another: those that are added are zero.</summary>
    public FactorMatrices WithRank(long rank)
    {
        long own = Rank;
        float[] b = new float[Rows * rank];
        for (long row = 0; row < Rows; row++)
            B.AsSpan((int)(row * own), (int)own).CopyTo(b.AsSpan((int)(row * rank)));
        return this with { B = b, A = [.. A, .. new float[(rank - own) * Columns]] };
    }

    /// <summary>The matrix turned round.</summary>
    public FactorMatrices Turned() => After(new Step.Transpose());

    private FactorMatrices Arranged(Step.Arrange order)
    {
        long[] rows = [.. order.Parts.SelectMany(part => Enumerable.Range(0, checked((int)part.Count)).Select(i => part.Start + i))];
        return this with { Rows = rows.Length, B = Pick(B, rows.Length, Rank, row => rows[row]) };
    }

    private static long RopeSource(long row, long headRows)
    {
        long place = row % headRows;
        return (row / headRows * headRows) + (place % 2 * (headRows / 2)) + (place / 2);
    }

    private static float[] Pick(float[] matrix, long count, long width, Func<long, long> source)
    {
        float[] picked = new float[count * width];
        for (long row = 0; row < count; row++)
            matrix.AsSpan((int)(source(row) * width), (int)width).CopyTo(picked.AsSpan((int)(row * width)));
        return picked;
    }

    private static float[] Turn(float[] matrix, long height)
    {
        long width = matrix.Length / height;
        float[] turned = new float[matrix.Length];
        for (long row = 0; row < height; row++)
        {
            for (long column = 0; column < width; column++)
                turned[(column * height) + row] = matrix[(row * width) + column];
        }
        return turned;
    }
}
