using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>Holds torch to one thread until it is disposed: sums over many numbers come out otherwise for another number of threads.</summary>
internal sealed class SingleThread : IDisposable
{
    private readonly int _before = get_num_threads();

    public SingleThread() => set_num_threads(1);

    public void Dispose() => set_num_threads(_before);
}
