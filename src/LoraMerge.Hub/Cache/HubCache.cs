using System.IO.Enumeration;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;
using LoraMerge.Safetensors;

namespace LoraMerge.Hub.Cache;

/// <summary>One repository in the user's cache, which Python's huggingface_hub fills and reads too.</summary>
/// <remarks>
/// Files of links and files without, from whoever wrote them, are read alike. What is written is laid as huggingface_hub lays it, each by a temporary name and
/// a rename, so nothing that can be taken for whole is not, and no link that somebody planted is written through.
/// </remarks>
internal sealed class HubCache
{
    private readonly HubEnvironment _environment;
    private readonly KnownContents _known;

    public HubCache(HubEnvironment environment, HubAddress address)
    {
        _environment = environment;
        Folder = new HubFolder(environment.CacheFolder, address.Id);
        _known = new KnownContents(Folder.Path);
    }

    public HubFolder Folder { get; }

    /// <summary>What a branch or tag was, when somebody last asked; null where nobody did, or what stands there is no commit.</summary>
    public string? ReadRef(string revision)
    {
        if (HubNames.IsCommit(revision))
            return revision;
        string? text = TryRead(Folder.Ref(revision))?.Trim();
        return HubNames.IsCommit(text) ? text : ShortenedCommit(revision);
    }

    /// <summary>A medium that cannot be written is no fault: whoever reads it again asks again.</summary>
    public void WriteRef(string revision, string commit)
    {
        if (revision != commit && TryRead(Folder.Ref(revision)) != commit)
            TryWrite(Folder.Ref(revision), commit);
    }

    /// <summary>Which files a commit has; null where that was not kept.</summary>
    public IReadOnlyList<HubFile>? ReadList(HubAddress address, string commit) =>
        ((string[])[OwnList(commit), Path.Combine(Folder.Path, "trees", commit + ".json")]).Select(TryRead).OfType<string>()
            .Select(text => KeptList.Read(address, text)).FirstOrDefault(list => list is not null);

    public void WriteList(string commit, IReadOnlyList<HubFile> files)
    {
        if (TryRead(OwnList(commit)) is null)
            TryWrite(OwnList(commit), KeptList.Write(files));
    }

    /// <summary>What lies in a commit's folder, where nobody kept the list; hashes by the names of contents, empty where the cache has no links.</summary>
    /// <exception cref="HubException">LORA7043.</exception>
    public IReadOnlyList<HubFile> ListSnapshot(string commit)
    {
        string folder = Folder.Snapshot(commit);
        try
        {
            return !Directory.Exists(folder) ? [] :
            [
                .. FilesBelow(folder)
                    .Where(IsOurs)
                    .Select(path => new HubFile(
                        Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'), FileStamp.Of(path).ByteLength, HashByName(path)))
                    .Where(file => HubNames.IsPath(file.Path) && PartialName.TargetOf(Path.GetFileName(file.Path)) is null)
                    .OrderBy(file => file.Path, StringComparer.Ordinal),
            ];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CacheNotReadable(folder, fault);
        }
    }

    /// <summary>Whether a file of a commit is in the cache, with the right contents. What is there under its hash alone gets its name.</summary>
    /// <exception cref="HubException">LORA7042, LORA7043.</exception>
    public async Task<bool> HasAsync(string commit, HubFile file, CancellationToken cancellation)
    {
        string entry = Folder.File(commit, file.Path);
        try
        {
            if (await HasContentsAsync(entry, file, cancellation))
                return true;
            string blob = Folder.Blob(file.Hash);
            if (file.Hash.Length == 0 || !await HasContentsAsync(blob, file, cancellation))
                return false;
            Enter(commit, file, blob, isNew: false);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CacheNotReadable(entry, fault);
        }
    }

    /// <summary>Where contents lie until they are whole and right. Other programs neither take such a file nor mind it.</summary>
    public string PartialOf(HubFile file) => Folder.Blob(file.Hash) + ".lora-merge.partial";

    /// <summary>Makes the folder of contents.</summary>
    /// <exception cref="HubException">LORA7041, LORA7042.</exception>
    public void Prepare() => MakeFolder(Folder.Blobs);

    /// <summary>Gives contents that are right their name in a commit.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="file">Which file of it.</param>
    /// <param name="contents">Where they lie, on the cache's disk.</param>
    /// <param name="isNew">Whether they lie under a name of ours, so that they may be moved; else they are the cache's under their hash.</param>
    /// <exception cref="HubException">LORA7041, LORA7042.</exception>
    public void Enter(string commit, HubFile file, string contents, bool isNew)
    {
        string entry = Folder.File(commit, file.Path);
        string blob = Folder.Blob(file.Hash);
        try
        {
            MakeFolder(Path.GetDirectoryName(entry)!);
            if ((isNew || contents == blob) && TryLink(entry, file) is string link)
            {
                if (isNew)
                    File.Move(contents, blob, overwrite: true);
                File.Move(link, entry, overwrite: true);
                _known.Remember(blob, file);
            }
            else
            {
                if (isNew)
                    File.Move(contents, entry, overwrite: true);
                else
                    Copy(contents, entry);
                _known.Remember(entry, file);
            }
            DiskFlush.OfFolder(Path.GetDirectoryName(entry)!);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CacheNotWritable(entry, fault);
        }
    }

    /// <summary>Keeps what was found to be right, so that it is not read again.</summary>
    public void KeepKnown()
    {
        if (_known.HasNews)
            TryWrite(_known.File, _known.ToText());
    }

    private string OwnList(string commit) => Path.Combine(Folder.Path, KnownContents.OwnFolder, commit + ".json");

    private async Task<bool> HasContentsAsync(string path, HubFile file, CancellationToken cancellation)
    {
        if (!IsOurs(path) || FileStamp.Of(path).ByteLength != file.ByteLength)
            return false;
        if (file.Hash.Length == 0 || _known.Knows(path, file))
            return true;
        if (await ContentDigest.OfFileAsync(path, file, cancellation) != file.Hash)
            return false;
        _known.Remember(path, file);
        return true;
    }

    /// <summary>
    /// Whether a file is there and is the repository's own: a link may lead to contents beside the snapshots, or to those that repositories share, and nowhere
    /// else. Pipes and the like are none.
    /// </summary>
    private bool IsOurs(string path)
    {
        string real;
        try
        {
            real = RealPath.Of(path); // of a link to nothing, .NET says that it exists
        }
        catch (IOException)
        {
            return false; // links in a circle
        }
        return File.Exists(real) && SpecialKind.Of(real) is null
            && (SharedBlobs.Holds(_environment.CacheFolder, real) || ((string[])[Folder.Blobs, Path.Combine(Folder.Path, "snapshots")])
                .Any(folder => real.StartsWith(RealPath.Of(folder) + Path.DirectorySeparatorChar, FileNames.Comparison)));
    }

    /// <summary>Not those behind links to folders: a cache has none, and two that somebody planted can lead round for ever.</summary>
    private static FileSystemEnumerable<string> FilesBelow(string folder) =>
        new(folder, (ref FileSystemEntry entry) => entry.ToFullPath(), new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !RealPath.IsLink(entry.ToFullPath()),
        };

    /// <summary>Of the link's own target, where that is one of the repository's blobs: the name of what repositories share is another hash.</summary>
    private static string HashByName(string path) =>
        new FileInfo(path).LinkTarget is string target && Path.GetFileName(Path.GetDirectoryName(target)) == "blobs"
            && Path.GetFileName(target) is var name && HubNames.IsHash(name) ? name : "";

    private string? ShortenedCommit(string revision)
    {
        string folder = Path.Combine(Folder.Path, "snapshots");
        if (revision.Length < 7 || !Directory.Exists(folder))
            return null;
        string[] found = [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!)
            .Where(name => HubNames.IsCommit(name) && name.StartsWith(revision, StringComparison.Ordinal))];
        return found.Length == 1 ? found[0] : null;
    }

    /// <returns>A link under a temporary name, to be renamed; null where links are not to be had, as on Windows without developer mode.</returns>
    private string? TryLink(string entry, HubFile file)
    {
        if (!_environment.UsesLinks)
            return null;
        string link = PartialName.For(entry);
        try
        {
            string up = string.Concat(Enumerable.Repeat("../", 2 + file.Path.Count(letter => letter == '/')));
            File.CreateSymbolicLink(link, $"{up}blobs/{file.Hash}".Replace('/', Path.DirectorySeparatorChar));
            return link;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    private static void Copy(string from, string to) => AtomicFile.Place(to, partial =>
    {
        File.Copy(from, partial);
        DiskFlush.OfFile(partial);
    });

    private static string? TryRead(string path)
    {
        try
        {
            return File.Exists(path) && SpecialKind.Of(path) is null ? File.ReadAllText(path) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void TryWrite(string path, string text)
    {
        try
        {
            MakeFolder(Path.GetDirectoryName(path)!);
            AtomicFile.Place(path, partial => File.WriteAllText(partial, text));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or HubException { Code: HubCode.CacheNotWritable })
        {
            // Read-only, or another user's: it only saves a request.
        }
    }

    /// <summary>Below the repository's folder none may be a link: a file would be written wherever it leads.</summary>
    private void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(Folder.Path);
            string here = Folder.Path;
            foreach (string name in Path.GetRelativePath(Folder.Path, folder).Split(Path.DirectorySeparatorChar))
            {
                here = Path.Combine(here, name);
                if (RealPath.IsLink(here))
                    throw HubErrors.CacheRefused(here);
                Directory.CreateDirectory(here);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CacheNotWritable(folder, fault);
        }
    }
}
