using System.Numerics.Tensors;

namespace SampleApp.Llama;

/// <summary>Brings the numbers of a token to a common size (their root mean square becomes 1), then stresses each as trained.</summary>
internal sealed class RmsNorm(LlamaConfig config, Weights weights, string name)
{
    private readonly float[] _weight = weights.Vector($"{name}.weight"); // [hidden]
    private readonly float _epsilon = config.RmsNormEps;

    /// <param name="x">[hidden]</param>
    /// <returns>[hidden]</returns>
    public float[] Normalize(ReadOnlySpan<float> x)
    {
        float meanSquare = TensorPrimitives.SumOfSquares(x) / x.Length;

        float[] result = new float[x.Length];
        TensorPrimitives.Multiply(x, 1 / MathF.Sqrt(meanSquare + _epsilon), result);
        TensorPrimitives.Multiply(result, _weight, result);
        return result;
    }
}
