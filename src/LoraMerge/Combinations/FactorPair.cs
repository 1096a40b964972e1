using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>One adapter's change of a module, w·s·B·A, taken apart; what every way combines.</summary>
/// <param name="A"><c>[r, in]</c>.</param>
/// <param name="B"><c>[out, r]</c>, same dtype and device.</param>
/// <param name="Scaling">s: scaling of the module.</param>
/// <param name="AdapterWeight">w: weight of the adapter; may be negative.</param>
internal sealed record FactorPair(Tensor A, Tensor B, double Scaling, double AdapterWeight);
