using System.Numerics.Tensors;

namespace SampleApp.Llama;

/// <summary>SwiGLU: down(silu(gate(x)) * up(x)), where silu(z) = z * sigmoid(z): a smooth gate that lets some of the "up" numbers pass.</summary>
internal sealed class FeedForward(Weights weights, string name)
{
    private readonly Matrix _gate = weights.Matrix($"{name}.gate_proj.weight"); // [intermediate, hidden]
    private readonly Matrix _up = weights.Matrix($"{name}.up_proj.weight"); // [intermediate, hidden]
    private readonly Matrix _down = weights.Matrix($"{name}.down_proj.weight"); // [hidden, intermediate]

    /// <param name="x">[hidden]: the token, normalized.</param>
    /// <returns>[hidden]</returns>
    public float[] Think(ReadOnlySpan<float> x)
    {
        float[] gate = _gate.Times(x); // [intermediate]
        float[] up = _up.Times(x); // [intermediate]

        float[] passed = new float[gate.Length]; // [intermediate]
        TensorPrimitives.Sigmoid(gate, passed);
        TensorPrimitives.Multiply(passed, gate, passed);
        TensorPrimitives.Multiply(passed, up, passed);

        return _down.Times(passed);
    }
}
