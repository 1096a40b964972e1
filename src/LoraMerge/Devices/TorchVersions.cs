using System.Reflection;
using TorchSharp;

namespace LoraMerge.Devices;

/// <summary>What arithmetic runs on.</summary>
/// <param name="TorchSharp">Version of TorchSharp.</param>
/// <param name="LibTorch">Version of libtorch.</param>
/// <param name="Threads">Threads that torch uses.</param>
/// <param name="Sum">1 + 2 + 3, computed by torch.</param>
internal sealed record TorchVersions(string TorchSharp, string LibTorch, int Threads, float Sum)
{
    /// <summary>Version of the TorchSharp package, known without loading libtorch.</summary>
    public static string Package { get; } =
        typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Loads libtorch and asks it.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA5001, LORA5002.</exception>
    public static TorchVersions Read(string? nativesFolder)
    {
        NativeLibraries.Load(nativesFolder);
        using var scope = torch.NewDisposeScope();
        float sum = torch.tensor(new float[] { 1, 2, 3 }).sum().item<float>();
        return new TorchVersions(Package, torch.__version__, torch.get_num_threads(), sum);
    }
}
