namespace LoraMerge.Fuzz;

/// <summary>Feeds inputs to a target, and counts.</summary>
internal sealed class FuzzRun(FuzzTarget target)
{
    /// <summary>
    /// What a parser may allocate for an input, all in all: real files are larger than the corpus', and take no more for each of their bytes.
    /// </summary>
    private const long MostBytes = 64_000_000;

    public int Executions { get; private set; }

    public int Accepted { get; private set; }

    /// <exception cref="FuzzFaultException">A parser let out another exception than its own, or took far too much memory.</exception>
    public void Feed(IEnumerable<byte[]> inputs)
    {
        using var folder = new ScratchFolder();
        foreach (byte[] input in inputs)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Accepted += target.Feed(input, folder) ? 1 : 0;
            }
            catch (Exception e)
            {
                throw FuzzFaultException.Of(target, input, e.ToString());
            }
            if (GC.GetAllocatedBytesForCurrentThread() - before > MostBytes)
                throw FuzzFaultException.Of(target, input, $"More than {MostBytes} bytes were allocated.");
            Executions++;
        }
    }
}
