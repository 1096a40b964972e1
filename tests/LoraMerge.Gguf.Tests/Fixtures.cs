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

    /// <summary>Unpacks one folder of an archive; a file X.gz is unpacked to X.</summary>
    public static void Unpack(string archive, string folder, string destination)
    {
        using ZipArchive zip = ZipFile.OpenRead(PathOf(archive));
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => entry.FullName.StartsWith(folder + "/", StringComparison.Ordinal)))
        {
            string path = Path.Combine(destination, entry.FullName[(folder.Length + 1)..]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using Stream packed = entry.Open();
            bool isPackedTwice = path.EndsWith(".gz", StringComparison.Ordinal);
            using Stream content = isPackedTwice ? new GZipStream(packed, CompressionMode.Decompress) : packed;
            using FileStream file = File.Create(isPackedTwice ? path[..^".gz".Length] : path);
            content.CopyTo(file);
        }
    }

    private static string PathOf(string archive) => Path.Combine(Root(), "tests", "fixtures", "gguf", archive);

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
