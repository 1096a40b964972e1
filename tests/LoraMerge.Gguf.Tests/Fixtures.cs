using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace LoraMerge.Gguf.Tests;

/// <summary>Archives below tests/fixtures/gguf.</summary>
internal static class Fixtures
{
    /// <summary>Folders at the top of an archive.</summary>
    public static IEnumerable<string> FoldersOf(string archive)
    {
        using ZipArchive zip = ZipFile.OpenRead(PathOf(archive));
        return [.. zip.Entries.Select(entry => entry.FullName.Split('/')[0]).Distinct().Order(StringComparer.Ordinal)];
    }

    public static byte[] Read(string archive, string file)
    {
        using ZipArchive zip = ZipFile.OpenRead(PathOf(archive));
        using Stream content = zip.GetEntry(file)!.Open();
        using var bytes = new MemoryStream();
        content.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Unpacks one folder of an archive; a file X.gz is unpacked to X.</summary>
    public static void Unpack(string archive, string folder, string destination)
    {
        using ZipArchive zip = ZipFile.OpenRead(PathOf(archive));
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => entry.FullName.StartsWith(folder + "/", StringComparison.Ordinal)))
        {
            using Stream content = entry.Open();
            Write(content, Path.Combine(destination, entry.FullName[(folder.Length + 1)..]));
        }
    }

    /// <summary>Copies a folder; a file X.gz is unpacked to X.</summary>
    public static void CopyUnpacked(string source, string destination)
    {
        foreach (string path in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            using FileStream content = File.OpenRead(path);
            Write(content, Path.Combine(destination, Path.GetRelativePath(source, path)));
        }
    }

    private static void Write(Stream content, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        bool isPacked = path.EndsWith(".gz", StringComparison.Ordinal);
        using Stream unpacked = isPacked ? new GZipStream(content, CompressionMode.Decompress) : content;
        using FileStream file = File.Create(isPacked ? path[..^".gz".Length] : path);
        unpacked.CopyTo(file);
    }

    private static string PathOf(string archive) => Path.Combine(Root(), "tests", "fixtures", "gguf", archive);

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
