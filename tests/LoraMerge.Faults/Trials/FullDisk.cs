using System.Globalization;
using LoraMerge.Faults.Scenes;

namespace LoraMerge.Faults.Trials;

/// <summary>A disk of every size: a file system in memory in the place where the scene writes. Needs the right to mount.</summary>
/// <param name="scene">What is tried.</param>
/// <param name="unit">What the disk lacks.</param>
/// <param name="step">Of how many sizes one is tried.</param>
internal sealed class FullDisk(Scene scene, FullDisk.Unit unit, int step) : ITrial
{
    private const int PageByteLength = 4096;
    private const string Ample = "size=64m,nr_inodes=10000";

    /// <summary>What a disk can run out of.</summary>
    public enum Unit
    {
        Bytes,
        Files,
    }

    private string Folder => Path.Combine(scene.Root, scene.WrittenFolder);

    /// <inheritdoc/>
    public void Run(string? first, Action<PointResult> report)
    {
        for (int size = Smallest(); Try(size, report); size += step)
        {
        }
    }

    /// <returns>Whether the disk was too small.</returns>
    private bool Try(int size, Action<PointResult> report)
    {
        string point = string.Create(CultureInfo.InvariantCulture, $"{size} {(unit == Unit.Bytes ? "pages" : "files")}");
        scene.Reset();
        report(PointResult.Begun(point));
        Mount();
        try
        {
            Remount(unit == Unit.Bytes ? string.Create(CultureInfo.InvariantCulture, $"size={size * PageByteLength}")
                : string.Create(CultureInfo.InvariantCulture, $"nr_inodes={size}"));
            Outcome outcome = scene.Run();
            // A full disk need not have room for what tells of an error; but what can be removed is removed.
            IReadOnlyList<string> now = scene.Judge(outcome, mayLeave: false);
            Remount(Ample);
            scene.Settle();
            report(new PointResult(point, outcome.IsGood ? "it is large enough" : outcome.Text.Trim(), [.. now, .. scene.JudgeNext(scene.Run())]));
            return !outcome.IsGood;
        }
        finally
        {
            Scene.Execute("umount", Folder);
        }
    }

    /// <summary>One that holds what is there before.</summary>
    private int Smallest()
    {
        scene.Reset();
        Mount();
        try
        {
            int pages = 0, files = 1; // the root of the file system
            foreach (FileSystemInfo entry in new DirectoryInfo(Folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
            {
                files++;
                pages += entry is FileInfo file ? (int)((file.Length + PageByteLength - 1) / PageByteLength) : 0;
            }
            return unit == Unit.Bytes ? pages + 1 : files;
        }
        finally
        {
            Scene.Execute("umount", Folder);
        }
    }

    private void Mount()
    {
        string before = Folder + ".before";
        Directory.Move(Folder, before);
        Directory.CreateDirectory(Folder);
        Scene.Execute("mount", "-t", "tmpfs", "-o", Ample, "none", Folder);
        Scene.Execute("cp", "-a", before + "/.", Folder);
        Directory.Delete(before, recursive: true);
    }

    private void Remount(string options) => Scene.Execute("mount", "-o", "remount," + options, Folder);
}
