using LoraMerge.Devices;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>The numbers that PyTorch draws from a seed with a generator of its own on the CPU, which adapters leave out of their files.</summary>
/// <remarks>They are the same libtorch's functions; <c>torch.Generator("cpu").manual_seed(seed)</c>. The order of calls on one generator counts.</remarks>
internal sealed class SeededNumbers : IDisposable
{
    private readonly Generator _generator;

    public SeededNumbers(long seed) => _generator = new Generator(unchecked((ulong)seed), CPU);

    /// <summary><c>tensor.uniform_(from, to, generator)</c>, in float32.</summary>
    /// <returns>The caller's.</returns>
    public Tensor Uniform(long[] shape, double from, double to)
    {
        Tensor numbers = empty(shape, ScalarType.Float32);
        return numbers.uniform_(from, to, _generator);
    }

    /// <summary><c>torch.normal(0, deviation, shape, generator)</c>, in float32.</summary>
    /// <returns>The caller's.</returns>
    public Tensor Normal(long[] shape, double deviation)
    {
        Tensor numbers = empty(shape, ScalarType.Float32);
        return numbers.normal_(0, deviation, _generator);
    }

    /// <summary>
    /// Numbers as a layer holds them: PEFT brings what it drew to the dtype of the layer's weight, where that is one of 16 bits they are rounded to it.
    /// </summary>
    /// <param name="drawn">The numbers; may be the result.</param>
    /// <param name="weight">The dtype of the weight.</param>
    public static Tensor AsHeldBeside(Tensor drawn, DType weight) => weight is DType.F16 or DType.BF16 ? drawn.to(TorchTypes.Of(weight)) : drawn;

    public void Dispose() => _generator.Dispose();
}
