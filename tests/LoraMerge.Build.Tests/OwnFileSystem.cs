using System.Diagnostics;

namespace LoraMerge.Build.Tests;

/// <summary>A small file system of its own, in a file or in memory; gone afterwards. The test is skipped where the system lets nobody mount one.</summary>
internal sealed class OwnFileSystem : IDisposable
{
    private readonly string _workFolder;

    private OwnFileSystem(string workFolder) => _workFolder = workFolder;

    public string Folder => Path.Combine(_workFolder, "mount");

    /// <summary>Bytes in use, after all that was written has found its place.</summary>
    public long UsedBytes
    {
        get
        {
            Run($"sync -f '{Folder}'");
            var drive = new DriveInfo(Folder);
            return drive.TotalSize - drive.AvailableFreeSpace;
        }
    }

    /// <param name="kind"><c>tmpfs</c>, or what <c>mkfs.KIND</c> makes.</param>
    /// <param name="megabytes">Its size; btrfs and xfs want a few hundred.</param>
    public static OwnFileSystem Create(string kind, int megabytes = 400)
    {
        var made = new OwnFileSystem(Directory.CreateTempSubdirectory("lora-mount-").FullName);
        Directory.CreateDirectory(made.Folder);
        string image = Path.Combine(made._workFolder, "image");
        bool isMounted = kind == "tmpfs"
            ? Run($"mount -t tmpfs -o size={megabytes}m tmpfs '{made.Folder}'")
            : Run($"truncate -s {megabytes}M '{image}' && PATH=$PATH:/usr/sbin:/sbin mkfs.{kind} -q '{image}' && mount -o loop '{image}' '{made.Folder}'");
        if (!isMounted)
        {
            Directory.Delete(made._workFolder, recursive: true);
            Assert.Skip($"This system has no mkfs.{kind}, or lets this user mount nothing.");
        }
        return made;
    }

    public void Dispose()
    {
        Run($"umount '{Folder}'");
        Directory.Delete(_workFolder, recursive: true);
    }

    private static bool Run(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
