using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace LoraMerge.Hub.Tests.Server;

/// <summary>A repository of the server: branches, commits and their files.</summary>
internal sealed class HubRepository(string id)
{
    public const string FirstCommit = "1111111111111111111111111111111111111111";

    public string Id { get; } = id;

    public Dictionary<string, string> Revisions { get; } = new(StringComparer.Ordinal) { ["main"] = FirstCommit };

    public Dictionary<string, SortedDictionary<string, HubContents>> Commits { get; } =
        new(StringComparer.Ordinal) { [FirstCommit] = new(StringComparer.Ordinal) };

    public bool IsPrivate { get; set; }

    public bool IsGated { get; set; }

    public string? RenamedTo { get; set; }

    /// <summary>The files of the first commit.</summary>
    public SortedDictionary<string, HubContents> Files => Commits[FirstCommit];

    public HubRepository Small(string path, string text) => Add(path, Encoding.UTF8.GetBytes(text), isLarge: false);

    public HubRepository Large(string path, int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return Add(path, bytes, isLarge: true);
    }

    public HubRepository Add(string path, byte[] bytes, bool isLarge)
    {
        Files[path] = new HubContents(bytes, isLarge);
        return this;
    }

    /// <summary>A new commit, to which a branch moves.</summary>
    public void Commit(string commit, string revision, params (string Path, HubContents Contents)[] changes)
    {
        var files = new SortedDictionary<string, HubContents>(Files, StringComparer.Ordinal);
        foreach ((string path, HubContents contents) in changes)
            files[path] = contents;
        Commits[commit] = files;
        Revisions[revision] = commit;
    }
}

/// <summary>A file of it.</summary>
internal sealed record HubContents(byte[] Bytes, bool IsLarge)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Bytes));

#pragma warning disable CA5350 // git's own
    public string GitHash { get; } = Convert.ToHexStringLower(
        SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {Bytes.Length}\0")), .. Bytes]));
#pragma warning restore CA5350

    public string Hash => IsLarge ? Sha256 : GitHash;
}
