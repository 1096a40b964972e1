using LoraMerge.Agreed.Entries;
using LoraMerge.Diagnostics;

namespace LoraMerge.Store;

/// <summary>A folder with the merged models of builds: to look at, and to make room in.</summary>
internal sealed class MergedModelStore
{
    private readonly string _folder;
    private readonly Action<MergeEvent> _report;

    private MergedModelStore(string folder, Action<MergeEvent> report)
    {
        _folder = folder;
        _report = report;
    }

    /// <param name="folder">What LoraMergeCacheFolder names, or obj/lora.</param>
    /// <param name="report">Told when another process has to be waited for.</param>
    /// <exception cref="LoraMergeException">LORA1101, LORA1110, LORA6051.</exception>
    public static MergedModelStore Open(string folder, Action<MergeEvent>? report = null)
    {
        if (string.IsNullOrWhiteSpace(folder))
            throw Errors.ArgumentInvalid("The store", folder, "the path of a folder");
        string path = Path.GetFullPath(folder);
        return Read(path, new StoreContents(path).IsStore) ? new MergedModelStore(path, report ?? (_ => { })) : throw Errors.NotAStore(path);
    }

    /// <summary>The models, last used first.</summary>
    /// <exception cref="LoraMergeException">LORA1110.</exception>
    public IReadOnlyList<StoredModel> Models => Read(_folder, new StoreContents(_folder).List);

    /// <summary>
    /// Takes away what killed merges left, the models that nobody asked for in a time, and then those that were used longest ago, until the rest fits. A
    /// model that a build uses stays.
    /// </summary>
    /// <param name="maxBytes">Bytes that may stay; null for any number.</param>
    /// <param name="unusedFor">How long a model may lie unused; null for ever.</param>
    /// <param name="cancellation">Ends the wait for another process.</param>
    /// <returns>The models that were taken away.</returns>
    /// <exception cref="LoraMergeException">LORA1109.</exception>
    public async Task<IReadOnlyList<StoredModel>> PruneAsync(long? maxBytes, TimeSpan? unusedFor, CancellationToken cancellation)
    {
        using StoreLock taken = await StoreLock.TakeAsync(_folder, _report, cancellation);
        IReadOnlyList<StoredModel> before = Models;
        try
        {
            var contents = new StoreContents(_folder);
            contents.Sweep();
            if (unusedFor is TimeSpan time)
            {
                foreach (StoredModel model in before.Where(model => DateTime.UtcNow - model.LastUsed > time))
                    StoreContents.TryRemove(new EntryPlace(_folder, model.Name));
            }
            if (maxBytes is long bytes)
                contents.Shrink(bytes, exceptFor: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(_folder, e);
        }
        return [.. before.ExceptBy(Models.Select(model => model.Name), model => model.Name)];
    }

    private static T Read<T>(string folder, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(folder, e);
        }
    }
}
