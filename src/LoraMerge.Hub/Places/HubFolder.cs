namespace LoraMerge.Hub.Places;

/// <summary>Where a repository lies in the cache, to the byte as huggingface_hub lays it.</summary>
/// <param name="cache">The cache's folder.</param>
/// <param name="id">Namespace and name, with a slash between.</param>
public sealed class HubFolder(string cache, string id)
{
    private readonly string _name = "models--" + id.Replace("/", "--");

    /// <summary>The repository's folder.</summary>
    public string Path => System.IO.Path.Combine(cache, _name);

    /// <summary>Contents, by their hashes.</summary>
    public string Blobs => System.IO.Path.Combine(Path, "blobs");

    /// <summary>The files of a commit, under their names.</summary>
    public string Snapshot(string commit) => System.IO.Path.Combine(Path, "snapshots", commit);

    /// <summary>The folder of a commit that an address means.</summary>
    public string Snapshot(string commit, string subfolder) => subfolder.Length == 0 ? Snapshot(commit) : FileNames.PathIn(Snapshot(commit), subfolder);

    /// <summary>A file of a commit.</summary>
    public string File(string commit, string path) => FileNames.PathIn(Snapshot(commit), path);

    /// <summary>Contents of a hash.</summary>
    public string Blob(string hash) => System.IO.Path.Combine(Blobs, hash);

    /// <summary>The file that says which commit a branch or tag was.</summary>
    public string Ref(string revision) => FileNames.PathIn(System.IO.Path.Combine(Path, "refs"), revision);

    /// <summary>What is locked while contents are fetched.</summary>
    public string Lock(string hash) => System.IO.Path.Combine(cache, ".locks", _name, hash + ".lock");
}
