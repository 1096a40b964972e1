using System.Diagnostics;
using LoraMerge.Diagnostics;
using LoraMerge.Pickles;

namespace LoraMerge.Tests.Pickles;

/// <summary>Reads files that were made to do harm; each must be refused by its code, soon, and in little memory.</summary>
internal static class Attack
{
    private const long Megabyte = 1 << 20;

    public static LoraMergeException AssertRefused(DiagnosticCode code, byte[] file, long allocatedMegabytes = 8)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["adapter_model.bin"], file);

        LoraMergeException fault = AssertRefused(code, folder["adapter_model.bin"], allocatedMegabytes);

        folder.Passed();
        return fault;
    }

    /// <summary>Nothing of what is made is given back while a file is read, so the memory held is at most what was ever allocated.</summary>
    public static LoraMergeException AssertRefused(DiagnosticCode code, string path, long allocatedMegabytes = 8)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => PickleFile.Read(path));

        Assert.Equal(code, fault.Code);
        Assert.Equal(path, fault.File);
        Assert.DoesNotContain(fault.Message, char.IsControl);
        Assert.InRange(fault.Message.Length, 1, 1500);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, allocatedMegabytes * Megabyte);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60); // milliseconds to a second; more only where the machine does ten things at once
        return fault;
    }
}
