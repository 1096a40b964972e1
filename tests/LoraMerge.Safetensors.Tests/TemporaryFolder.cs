namespace LoraMerge.Safetensors.Tests;

/// <summary>A folder of one test, kept when the test fails.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("safetensors-").FullName;

    public string File(string name) => Path.Combine(_path, name);

    public string[] FileNames => [.. Directory.GetFiles(_path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        if (TestContext.Current.TestState?.Result != TestResult.Failed)
            Directory.Delete(_path, recursive: true);
    }
}
