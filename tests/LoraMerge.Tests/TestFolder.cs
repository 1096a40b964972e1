namespace LoraMerge.Tests;

/// <summary>A folder of one test; it stays when the test fails, so that what went wrong can be looked at.</summary>
internal sealed class TestFolder : IDisposable
{
    private bool _hasPassed;

    public string Path { get; } = Directory.CreateTempSubdirectory("lora-merge-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Called as the last line of a test.</summary>
    public void Passed() => _hasPassed = true;

    public void Dispose()
    {
        if (_hasPassed)
            Directory.Delete(Path, recursive: true);
    }
}
