using LoraMerge.Devices;
using LoraMerge.Requests;
using static TorchSharp.torch;

namespace LoraMerge.Merging;

/// <summary>How a merge runs; nothing of it changes the result's bytes.</summary>
/// <param name="Device">Where to compute.</param>
/// <param name="Threads">Threads of torch; null for its own choice.</param>
/// <param name="BlockElements">Elements worked on at a time.</param>
/// <param name="AdapterPath">Path of an adapter by its number, for messages.</param>
internal sealed record PipelineOptions(Device Device, int? Threads, long BlockElements, Func<int, string> AdapterPath)
{
    /// <summary>What the request asks for, on a device that was opened for it.</summary>
    public static PipelineOptions Of(MergeRequest request, ComputeDevice device) =>
        new(device.Device, request.Threads, BlockElementsFor(request.MaxMemory), i => request.Adapters[i].Path) { IsMeasured = request.IsMeasured };

    /// <summary>Whether outcomes say how large each change is.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>8 MB of bfloat16: large enough that cutting costs nothing, small enough for a machine of 1 GB.</summary>
    public const long DefaultBlockElements = 4 * 1024 * 1024;

    /// <summary>What a merge needs beside its blocks: the runtime and libtorch.</summary>
    public const long FixedBytes = 300_000_000;

    /// <summary>
    /// Bytes held per element of a block, at most: eight buffers of 4 bytes, eight of 2 where the dtype changes, scratch of 8 for a group of rows, which is no
    /// larger.
    /// </summary>
    public const long BytesPerElement = 56;

    /// <summary>The largest block that keeps a merge below a limit of memory.</summary>
    public static long BlockElementsFor(long? maxMemory) => maxMemory is long limit
        ? Math.Clamp((limit - FixedBytes) / BytesPerElement, 64 * 1024, DefaultBlockElements)
        : DefaultBlockElements;
}
