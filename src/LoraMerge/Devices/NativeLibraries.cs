using System.Runtime.InteropServices;
using LoraMerge.Diagnostics;

namespace LoraMerge.Devices;

/// <summary>Finds and loads libtorch and TorchSharp's bridge to it, from one folder and in the order of their dependencies.</summary>
/// <remarks>
/// TorchSharp's own search would copy libtorch into the package folder when the two lie apart; libraries that are loaded already
/// are never searched for. Loading takes about half a second and 145 MB, so it happens only when there is arithmetic to do.
/// </remarks>
internal static partial class NativeLibraries
{
    /// <summary>File beside the executable that holds the folder's path, in builds of this repository.</summary>
    private const string FolderFile = "lora-merge.natives";

    /// <summary>Folder beside the executable, where it was published.</summary>
    private const string PublishedFolder = "natives";

    private static readonly Lock Gate = new();
    private static string? s_loadedFrom;

    /// <summary>Loads the libraries once per process.</summary>
    /// <param name="folder">The folder that holds them; null to take the one that belongs to this executable.</param>
    /// <exception cref="LoraMergeException">LORA5001, LORA5002.</exception>
    public static void Load(string? folder)
    {
        lock (Gate)
        {
            if (s_loadedFrom is not null)
                return;
            string found = folder ?? DefaultFolder() ?? throw Errors.LibTorchNotFound(RuntimeInformation.RuntimeIdentifier, null);
            string[] libraries = [.. LoadOrder(found)];
            if (libraries.Length < 2)
                throw Errors.LibTorchNotFound(RuntimeInformation.RuntimeIdentifier, found);
            LetIdleThreadsSleep();
            foreach (string library in libraries)
            {
                try
                {
                    NativeLibrary.Load(library);
                }
                catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
                {
                    throw Errors.LibTorchNotLoadable(library, e);
                }
            }
            s_loadedFrom = found;
        }
    }

    /// <summary>
    /// OpenMP's threads wait for their next piece of work in a busy loop, which takes the processor from the threads that read and write.
    /// It asks for this choice once, when it is loaded; a choice of the user stays.
    /// </summary>
    private static void LetIdleThreadsSleep()
    {
        const string Name = "OMP_WAIT_POLICY", Value = "PASSIVE";
        if (OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable(Name) is null)
            Environment.SetEnvironmentVariable(Name, Value);
        else if (!OperatingSystem.IsWindows())
            _ = SetNativeEnvironment(Name, Value, overwrite: 0); // .NET's own variables are a copy that native code does not see
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNativeEnvironment(string name, string value, int overwrite);

    private static string? DefaultFolder()
    {
        string file = Path.Combine(AppContext.BaseDirectory, FolderFile);
        string published = Path.Combine(AppContext.BaseDirectory, PublishedFolder);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : Directory.Exists(published) ? published : PackageFolder();
    }

    /// <summary>
    /// From a package folder: packages/loramerge.build/VERSION/tools/worker/FRAMEWORK/ beside packages/loramerge.build.runtime.RID/VERSION/tools/.
    /// </summary>
    private static string? PackageFolder()
    {
        string packages = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
        string folder = Path.Combine(packages, $"loramerge.build.runtime.{RuntimeInformation.RuntimeIdentifier}", TorchVersions.Package, "tools");
        return Directory.Exists(folder) ? folder : null;
    }

    /// <summary>Dependencies first. Only what a CPU or CUDA merge needs is named; the rest is found by the loader itself.</summary>
    private static IEnumerable<string> LoadOrder(string folder)
    {
        string[] patterns = OperatingSystem.IsWindows()
            ? ["libiomp5md.dll", "uv.dll", "c10.dll", "torch_cpu.dll", "c10_cuda.dll", "torch_cuda.dll", "torch.dll", "LibTorchSharp.dll"]
            : OperatingSystem.IsMacOS()
                ? ["libomp.dylib", "libc10.dylib", "libtorch_cpu.dylib", "libtorch.dylib", "libLibTorchSharp.dylib"]
                : ["libgomp*.so*", "libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so", "libLibTorchSharp.so"];
        if (!Directory.Exists(folder))
            return [];
        return patterns.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal));
    }
}
