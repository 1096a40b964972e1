using System.Collections.Immutable;

namespace LoraMerge.Tests.Kinds;

/// <summary>A named float32 tensor, and the few formulas that tests hold merges to, in float64.</summary>
internal sealed record Matrix(string Name, ImmutableArray<long> Shape, float[] Values)
{
    /// <summary>Float32 sums of a few products differ from float64 ones by less.</summary>
    public const double Tolerance = 2e-6;

    /// <summary>Numbers between -1 and 1 that depend on the name alone.</summary>
    public static Matrix Of(string name, params long[] shape)
    {
        uint state = name.Aggregate(2166136261u, (hash, letter) => (hash ^ letter) * 16777619u);
        float[] values = new float[shape.Aggregate(1L, (product, side) => product * side)];
        for (int i = 0; i < values.Length; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            values[i] = ((state >> 8) / (float)(1 << 23)) - 1;
        }
        return new Matrix(name, [.. shape], values);
    }

    public double this[long row, long column] => Values[(row * (Values.Length / Shape[0])) + column];

    public double[] AsDoubles() => [.. Values.Select(value => (double)value)];

    public Matrix Named(string name) => this with { Name = name };

    /// <summary>W + s·B·A, with W <c>[out, in]</c>.</summary>
    public static double[] Add(double[] w, Matrix b, Matrix a, double scaling, bool isTransposed = false)
    {
        double[] sum = [.. w];
        (long outputs, long rank) = (b.Shape[0], b.Shape[1]);
        long inputs = a.Values.Length / a.Shape[0];
        for (long o = 0; o < outputs; o++)
        {
            for (long i = 0; i < inputs; i++)
            {
                for (long r = 0; r < rank; r++)
                    sum[isTransposed ? (i * outputs) + o : (o * inputs) + i] += scaling * b[o, r] * a[r, i];
            }
        }
        return sum;
    }

    /// <summary>Each row, or column, rescaled to its magnitude.</summary>
    public static double[] Rescale(double[] v, Matrix magnitude, bool isByColumn = false)
    {
        int outputs = magnitude.Values.Length;
        int others = v.Length / outputs;
        double[] result = [.. v];
        for (int o = 0; o < outputs; o++)
        {
            int[] places = [.. Enumerable.Range(0, others).Select(i => isByColumn ? (i * outputs) + o : (o * others) + i)];
            double norm = Math.Sqrt(places.Sum(place => v[place] * v[place]));
            foreach (int place in places)
                result[place] = v[place] * magnitude.Values[o] / norm;
        }
        return result;
    }

    public static void AssertNear(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.Equal(0, expected.Zip(found, (e, f) => Math.Abs(e - f)).Max(), Tolerance);
    }
}
