using System.Reflection;
using LoraMerge.Devices;

namespace LoraMerge.Tests.Devices;

public sealed class NativeLibrariesTests
{
    [Fact]
    public void Torch_computes_on_this_machine()
    {
        TorchVersions versions = TorchVersions.Read(nativesFolder: null);

        Assert.Equal(6, versions.Sum);
        Assert.StartsWith(versions.LibTorch, Metadata("LibTorchVersion") + ".0", StringComparison.Ordinal);
    }

    [Fact]
    public void The_laid_out_bridge_differs_from_the_packages_file_in_one_bit()
    {
        if (!OperatingSystem.IsLinux())
            return; // elsewhere the file is copied as it is
        string folder = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "lora-merge.natives")).Trim();
        byte[] laidOut = File.ReadAllBytes(Path.Combine(folder, "libLibTorchSharp.so"));
        byte[] packaged = File.ReadAllBytes(
            Path.Combine(
                Metadata("NuGetPackageRoot"),
                "torchsharp",
                TorchVersions.Package,
                "runtimes",
                Path.GetFileName(folder),
                "native",
                "libLibTorchSharp.so"
            )
        );

        int[] changed = [.. Enumerable.Range(0, packaged.Length).Where(i => packaged[i] != laidOut[i])];

        Assert.Equal(packaged.Length, laidOut.Length);
        int only = Assert.Single(changed);
        Assert.Equal(packaged[only] | 2, laidOut[only]);
    }

    private static string Metadata(string key) =>
        typeof(NativeLibrariesTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
