using LoraMerge.Devices;
using static TorchSharp.torch;

namespace LoraMerge.Deltas;

/// <summary>
/// Holds torch to one thread until it is disposed: sums over many numbers come out otherwise for another number of threads. No other merge of this process
/// sets one meanwhile.
/// </summary>
internal sealed class SingleThread : IDisposable
{
    private readonly int _before;

    public SingleThread()
    {
        TorchThreads.Turn.Enter();
        _before = get_num_threads();
        set_num_threads(1);
    }

    public void Dispose()
    {
        set_num_threads(_before);
        TorchThreads.Turn.Exit();
    }
}
