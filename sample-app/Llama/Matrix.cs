using System.Numerics.Tensors;

namespace SampleApp.Llama;

/// <summary>The weights of a linear layer, row by row: it takes <c>Columns</c> numbers and gives <c>Rows</c>.</summary>
internal sealed record Matrix(float[] Values, int Rows, int Columns)
{
    public ReadOnlySpan<float> Row(int row) => Values.AsSpan(row * Columns, Columns);

    /// <summary>Matrix · x.</summary>
    /// <param name="x">[columns]</param>
    /// <returns>[rows]</returns>
    public float[] Times(ReadOnlySpan<float> x)
    {
        float[] result = new float[Rows];
        for (int row = 0; row < Rows; row++)
            result[row] = TensorPrimitives.Dot(Row(row), x);
        return result;
    }
}
