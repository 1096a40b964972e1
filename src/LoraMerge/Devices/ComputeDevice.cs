using System.Globalization;
using LoraMerge.Diagnostics;
using TorchSharp;

namespace LoraMerge.Devices;

/// <summary>Where the arithmetic of a merge runs.</summary>
/// <param name="Device">The device of torch.</param>
/// <param name="Note">One line for the user where the choice was ours; else null.</param>
internal sealed record ComputeDevice(torch.Device Device, string? Note)
{
    /// <summary>Loads libtorch and opens the device that was asked for.</summary>
    /// <param name="asked"><c>auto</c>: CUDA when its runtime is installed and a device is there, else the CPU.</param>
    /// <param name="nativesFolder">Folder of the CPU libraries; null to take the one of this executable.</param>
    /// <exception cref="LoraMergeException">LORA5001 to LORA5003, LORA5008.</exception>
    public static ComputeDevice Open(string asked, string? nativesFolder)
    {
        string? cuda = asked == "cpu" ? null : CudaRuntime.Folder;
        if (TryParseCuda(asked, out int index) && cuda is null)
            throw Errors.CudaRuntimeNotInstalled(asked);
        NativeLibraries.Load(cuda ?? nativesFolder);
        int count = cuda is not null && torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (asked == "auto")
            return new ComputeDevice(count > 0 ? torch.device(DeviceType.CUDA, 0) : torch.CPU, NoteOn(cuda is not null, CudaRuntime.HasDriver, count));
        if (cuda is null)
            return new ComputeDevice(torch.CPU, null);
        return index < count ? new ComputeDevice(torch.device(DeviceType.CUDA, index), null) : throw Errors.CudaNotAvailable(asked, count);
    }

    /// <summary>What is worth a line where the choice was ours: not that a machine without a GPU computes on its CPU.</summary>
    /// <param name="hasRuntime">Whether libtorch with CUDA is installed.</param>
    /// <param name="hasDriver">Whether the system has NVIDIA's driver.</param>
    /// <param name="deviceCount">Devices that CUDA finds.</param>
    internal static string? NoteOn(bool hasRuntime, bool hasDriver, int deviceCount) => (hasRuntime, hasDriver, deviceCount) switch
    {
        (true, _, > 0) => "Device: cuda:0.",
        (true, _, _) => "Device: CPU (the CUDA runtime finds no device).",
        (false, true, _) => "Device: CPU. This machine has an NVIDIA driver: 'lora-merge runtime add cuda' (several GB, once) lets merges use the GPU.",
        _ => null,
    };

    private static bool TryParseCuda(string text, out int index)
    {
        index = 0;
        return text == "cuda"
            || (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index));
    }
}
