using LoraMerge.Agreed.FileSystem;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Safetensors;

namespace LoraMerge.Build;

/// <summary>What placing does to files, one operation after the other. All throw IOException or UnauthorizedAccessException.</summary>
/// <param name="before">Told of each operation and its file before it is done; a test lets it fail there. Null in a build.</param>
internal sealed class FileSteps(Action<string, string>? before = null)
{
    public FolderLock Lock(string folder, Action sayThatItWaits, CancellationToken cancellation)
    {
        before?.Invoke("lock", folder);
        return FolderLock.Take(folder, sayThatItWaits, cancellation);
    }

    public void Save(PlacedRecord record)
    {
        before?.Invoke("save", record.FilePath);
        record.Save();
    }

    public void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        before?.Invoke("create folder", path);
        Directory.CreateDirectory(path);
    }

    public void Move(string from, string to)
    {
        before?.Invoke("rename", to);
        File.Move(from, to);
    }

    public void Delete(string path)
    {
        before?.Invoke("delete", path);
        File.Delete(path);
    }

    public void DeleteFolder(string path)
    {
        before?.Invoke("delete folder", path);
        Directory.Delete(path);
    }

    /// <summary>Brings the names in a folder to the disk.</summary>
    public void FlushFolder(string path)
    {
        before?.Invoke("flush folder", path);
        DiskFlush.OfFolder(path);
    }

    /// <summary>Gives a file a second name.</summary>
    public void Link(string file, string name)
    {
        before?.Invoke("link", name);
        if (!FileTwin.TryLink(file, name))
            throw new IOException($"'{name}' cannot be made a link to '{file}'.");
    }

    /// <returns>False where it was not done.</returns>
    public bool TryExchange(string first, string second)
    {
        before?.Invoke("exchange", second);
        return FolderExchange.TryMake(first, second);
    }

    /// <summary>Gives a file another place, with the time of its source and without copying its bytes.</summary>
    public TwinKind TryTwin(string source, string destination, bool mayLink)
    {
        before?.Invoke("clone or link", destination);
        TwinKind kind = FileTwin.TryCreate(source, destination, mayLink);
        if (kind == TwinKind.Clone) // a link's bytes were brought to the disk when the store got them
            DiskFlush.OfFile(destination);
        return kind;
    }

    /// <summary>
    /// Copies a file, with the time of its source, onto the disk itself: a file of the right length and time whose bytes were lost with the power would be
    /// taken for whole.
    /// </summary>
    /// <returns>The hash of what was copied.</returns>
    public string Copy(string source, string destination, CancellationToken cancellation)
    {
        var hash = new XxHash128();
        before?.Invoke("open", destination);
        using (var to = new FileStream(destination, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1))
        {
            FilePieces.Read(source, (piece, offset, count) =>
            {
                hash.Append(piece, offset, count);
                before?.Invoke("write", destination);
                to.Write(piece, offset, count);
            }, cancellation);
            before?.Invoke("flush", destination);
            DiskFlush.OfFile(to, destination);
        }
        before?.Invoke("set time", destination);
        File.SetLastWriteTimeUtc(destination, File.GetLastWriteTimeUtc(source));
        return ContentHash.Format(hash.GetCurrentHash());
    }
}
