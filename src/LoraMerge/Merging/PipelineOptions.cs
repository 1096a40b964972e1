using LoraMerge.Devices;
using LoraMerge.Requests;
using static TorchSharp.torch;

namespace LoraMerge.Merging;

/// <summary>How a merge runs; nothing of it changes the result's bytes.</summary>
/// <param name="Device">Where to compute.</param>
/// <param name="Threads">Threads of torch; null for its own choice.</param>
/// <param name="MaxMemory">Bytes that the whole process may hold; null for what is fastest.</param>
/// <param name="AdapterPath">Path of an adapter by its number, for messages.</param>
internal sealed record PipelineOptions(Device Device, int? Threads, long? MaxMemory, Func<int, string> AdapterPath)
{
    /// <summary>What the request asks for, on a device that was opened for it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="device">Its device.</param>
    /// <param name="heldBytes">What whoever takes the blocks holds, in bytes.</param>
    public static PipelineOptions Of(MergeRequest request, ComputeDevice device, long heldBytes) =>
        new(device.Device, request.Threads, request.MaxMemory, i => request.Adapters[i].Path) { HeldBytes = heldBytes, IsMeasured = request.IsMeasured };

    /// <summary>What whoever takes the blocks holds, in bytes.</summary>
    public long HeldBytes { get; init; }

    /// <summary>Whether outcomes say how large each change is.</summary>
    public bool IsMeasured { get; init; }
}
