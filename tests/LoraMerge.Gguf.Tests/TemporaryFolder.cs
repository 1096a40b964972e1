namespace LoraMerge.Gguf.Tests;

/// <summary>A folder of one test, kept when the test fails.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("gguf-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string[] FileNames => [.. Directory.GetFiles(Path).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        if (TestContext.Current.TestState?.Result != TestResult.Failed)
            Directory.Delete(Path, recursive: true);
    }
}
