using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>A form of quantised weights: random parts, and its formula written directly in TorchSharp.</summary>
/// <param name="Name">What the engine calls it.</param>
/// <param name="Config">The object <c>quantization_config</c>.</param>
/// <param name="Parts">Name behind that of the module, dtype, shape, and how its bytes are made of random ones.</param>
/// <param name="Direct">The formula: parts by name to the plain weight in float32.</param>
internal sealed record CodecForm(
    string Name, string Config, (string Name, DType DType, long[] Shape, Action<byte[]>? Make)[] Parts, Func<IReadOnlyDictionary<string, Tensor>,
        Tensor> Direct);
