using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>What the weights of a base are stored as, where its plain tensors have to be made of that.</summary>
/// <param name="Name">For people: <c>bitsandbytes NF4</c>.</param>
/// <param name="TensorCount">How many of its plain tensors are stored so.</param>
/// <param name="DType">What they become where no dtype is asked for.</param>
internal sealed record StoredForm(string Name, int TensorCount, DType DType);
