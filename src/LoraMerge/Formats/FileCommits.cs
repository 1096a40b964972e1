namespace LoraMerge.Formats;

/// <summary>Commits written files beside the writing of the next ones: the disk takes its time to flush a file. One at a time.</summary>
internal sealed class FileCommits : IDisposable
{
    private Task _last = Task.CompletedTask;

    /// <summary>Begins with a file, when the one before is committed.</summary>
    /// <param name="writer">The file's; disposed afterwards.</param>
    /// <param name="commit">Brings the file to the disk.</param>
    /// <exception cref="IOException">The file before could not be committed.</exception>
    /// <exception cref="UnauthorizedAccessException">The file before could not be committed.</exception>
    public void Begin(IDisposable writer, Action commit)
    {
        Complete();
        _last = Task.Run(() =>
        {
            using (writer)
                commit();
        });
    }

    /// <summary>Waits for the last file.</summary>
    /// <exception cref="IOException">It could not be committed.</exception>
    /// <exception cref="UnauthorizedAccessException">It could not be committed.</exception>
    public void Complete() => _last.GetAwaiter().GetResult();

    /// <summary>Waits until nothing is being committed, however that ends.</summary>
    public void Dispose() => Task.WaitAny(_last);
}
