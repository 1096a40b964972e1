using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>The two matrices that all layers of an adapter share, kept by <see cref="KeptFactors"/>.</summary>
/// <param name="a">A; in no dispose scope, owned by the pair.</param>
/// <param name="b">B; likewise.</param>
internal sealed class ProjectionPair(Tensor a, Tensor b) : IDisposable
{
    public Tensor A { get; } = a;

    public Tensor B { get; } = b;

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
