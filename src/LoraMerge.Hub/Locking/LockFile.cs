using System.Collections.Immutable;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Hub.Faults;

namespace LoraMerge.Hub.Locking;

/// <summary>
/// <c>lora.lock.json</c>: which commit each address is, and which files with which contents belong to it. The user commits it, so it holds nothing of a
/// machine, and the same bytes wherever it was written.
/// </summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Exists">Whether it was there.</param>
/// <param name="Models">By their addresses as they are written in the project.</param>
internal sealed record LockFile(string Path, bool Exists, ImmutableSortedDictionary<string, LockedModel> Models)
{
    /// <summary>What is open to one process at a time while the file is read and written anew; it goes with the process.</summary>
    private const string GuardExtension = ".lora-lock";

    private const long LongestText = 64 << 20;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(50);

    /// <exception cref="HubException">LORA7050, LORA7051.</exception>
    public static LockFile Read(string path)
    {
        try
        {
            var none = new LockFile(path, false, ImmutableSortedDictionary.Create<string, LockedModel>(StringComparer.Ordinal));
            if (!Presence.OfFile(path))
                return Presence.OfFolder(path) ? throw LockErrors.Unsound(path, 0, "it is a folder") : none;
            if (SpecialKind.Of(path) is string kind)
                throw LockErrors.Unsound(path, 0, $"it is {kind}");
            if (FileStamp.Of(path).ByteLength > LongestText)
                throw LockErrors.Unsound(path, 0, "it is too long for one");
            if (File.ReadAllBytes(path) is not { Length: > 0 } text)
                throw LockErrors.Unsound(path, 0, "it is empty");
            return none with { Exists = true, Models = none.Models.AddRange(LockFileText.Read(path, text)) };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw LockErrors.NotReadable(path, fault);
        }
    }

    /// <summary>Reads it, changes it and writes it whole; nobody else does so meanwhile. A file that would say the same is not written.</summary>
    /// <param name="path">The file, which need not be there.</param>
    /// <param name="change">Gets what it says now and gives what it is to say.</param>
    /// <param name="cancellation">Ends the waiting for another process.</param>
    /// <exception cref="HubException">LORA7050, LORA7051.</exception>
    public static async Task<LockFile> ChangeAsync(
        string path, Func<ImmutableSortedDictionary<string, LockedModel>, ImmutableSortedDictionary<string, LockedModel>> change,
        CancellationToken cancellation)
    {
        try
        {
            string folder = System.IO.Path.GetDirectoryName(path)!;
            Directory.CreateDirectory(folder);
            using FileStream guard = await TakeAsync(path + GuardExtension, cancellation);
            LockFile now = Read(path);
            ImmutableSortedDictionary<string, LockedModel> models = change(now.Models);
            LockFile changed = now with { Exists = true, Models = models };
            if (!now.Exists || !models.Keys.SequenceEqual(now.Models.Keys) || models.Any(model => !model.Value.Says(now.Models[model.Key])))
                AtomicFile.WriteLines(path, LockFileText.Write(models));
            return changed;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw LockErrors.NotWritable(path, fault);
        }
    }

    /// <summary>Deleted when it is closed, and .NET makes sure that what it has locked still lies at the path: no two owners ever meet.</summary>
    private static async Task<FileStream> TakeAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            }
            catch (IOException fault) when (FileLock.IsTaken(fault))
            {
                await Task.Delay(s_interval, cancellation);
            }
        }
    }
}
