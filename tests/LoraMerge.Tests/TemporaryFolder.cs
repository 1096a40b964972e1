namespace LoraMerge.Tests;

/// <summary>A folder for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("lora-merge ü ").FullName;

    /// <summary>Writes a file, with the folders on its way, dated well before any state.</summary>
    public string Write(string relativePath, string contents = "")
    {
        string path = System.IO.Path.Combine(Path, relativePath);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, contents);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-5));
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
