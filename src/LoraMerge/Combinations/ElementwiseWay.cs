using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>A way that combines tensors of one shape element by element.</summary>
/// <param name="tensors">One per adapter, in the order of the request; each is the way's own once it is taken, to write into. Taken one by one, they need not
/// exist at the same time.</param>
/// <param name="weights">The factor of each.</param>
/// <param name="part">What the tensors are of the adapters: <c>A</c>, <c>B</c> or <c>BA</c>.</param>
/// <returns>The combined tensor, of the same shape, dtype and device.</returns>
internal delegate Tensor ElementwiseWay(IEnumerable<Tensor> tensors, IReadOnlyList<double> weights, string part);
