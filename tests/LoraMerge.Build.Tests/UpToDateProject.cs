namespace LoraMerge.Build.Tests;

/// <summary>A project with the fake worker that the tests of a class share, because restoring and compiling one for each takes most of the time.</summary>
public sealed class UpToDateProject : IAsyncLifetime
{
    private TestProject? _project;

    /// <summary>The README's project, built and up to date, whatever the test before did to its inputs, output and store.</summary>
    internal async Task<TestProject> GetAsync()
    {
        if (_project is null)
        {
            _project = TestProject.WithFakeWorker();
            (await _project.BuildAsync()).ThrowIfFailed();
            return _project;
        }
        _project.WriteProject();
        _project.Write("Directory.Build.props", "<Project />");
        _project.CopyFixture("base", "models/base");
        _project.CopyFixture("adapter", "adapters/pirate");
        (await _project.BuildAsync("--no-restore")).ThrowIfFailed();
        return _project;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _project?.Dispose();
        return ValueTask.CompletedTask;
    }
}
