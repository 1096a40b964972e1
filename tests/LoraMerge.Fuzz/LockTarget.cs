using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Locking;

namespace LoraMerge.Fuzz;

/// <summary>The lock file of a project, read and written again: the input is lora.lock.json.</summary>
internal static class LockTarget
{
    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        try
        {
            LockFile read = LockFile.Read(folder.Write("lora.lock.json", input));
            string written = string.Concat(LockFileText.Write(read.Models).Select(line => line + "\n"));
            LockFile again = LockFile.Read(folder.Write("again.json", System.Text.Encoding.UTF8.GetBytes(written)));
            return again.Models.Keys.SequenceEqual(read.Models.Keys) && again.Models.All(model => model.Value.Says(read.Models[model.Key]))
                ? true : throw new InvalidOperationException($"What is written is not what was read: {written}");
        }
        catch (HubException)
        {
            return false;
        }
    }
}
