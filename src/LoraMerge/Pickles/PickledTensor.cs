using System.Collections.Immutable;
using LoraMerge.Safetensors;

namespace LoraMerge.Pickles;

/// <summary>A tensor of a PyTorch file: what it is and where its bytes are.</summary>
/// <param name="Name">Its name in the state dict.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="Strides">Distance of neighbouring elements in each dimension, counted in elements; default where the elements follow one another.</param>
/// <param name="FileOffset">Where its first element lies, from the start of the file.</param>
/// <param name="ByteLength">Bytes of all its elements.</param>
internal sealed record PickledTensor(string Name, DType DType, ImmutableArray<long> Shape, ImmutableArray<long> Strides, long FileOffset, long ByteLength);
