using static TorchSharp.torch;

namespace LoraMerge.Devices;

/// <summary>Sets with how many threads torch computes for the thread that makes this, until it is disposed there.</summary>
/// <remarks>
/// Part of that belongs to the process (the number of MKL, and what new threads begin with), and a process may run two merges at once. After each stands what
/// torch chose itself, not what the other merge happened to ask for.
/// </remarks>
internal sealed class TorchThreads : IDisposable
{
    private static int? s_torchsChoice;

    /// <param name="count">How many; null for torch's own choice.</param>
    public TorchThreads(int? count)
    {
        lock (Turn)
        {
            s_torchsChoice ??= get_num_threads();
            set_num_threads(count ?? s_torchsChoice.Value);
        }
    }

    /// <summary>Held by whoever sets the number, and by whoever depends on it.</summary>
    public static Lock Turn { get; } = new();

    public void Dispose()
    {
        lock (Turn)
            set_num_threads(s_torchsChoice!.Value);
    }
}
