using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Build;

/// <summary>
/// Tells whether a merged model is there for exactly these inputs. Looks at stamps, and reads files only where that may save a merge.
/// </summary>
internal sealed class ModelLookup
{
    private readonly ModelRequest _request;
    private readonly ModelStore _store;
    private readonly string _statePath;
    private readonly VerifiedPlacement? _placement;
    private readonly bool _readsAll;
    private readonly long _stampedTicks;
    private readonly List<InputRoot> _roots;
    private readonly StateFile? _state;
    private readonly List<HashedInput> _known = [];
    private InputFile? _firstChange;
    private StoreEntry? _damaged;
    private EntryPlace? _damagedPlace;
    private bool _isNewToState;

    /// <param name="request">The model.</param>
    /// <param name="store">Where it may lie.</param>
    /// <param name="statePath">What the last build knew.</param>
    /// <param name="placement">Takes files that have to be read into the output; null where they are only to be read.</param>
    /// <param name="readsAll">Whether every file of the entry has to be read, also one with the time that the entry says.</param>
    /// <exception cref="IOException">An input cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">An input cannot be read.</exception>
    public ModelLookup(ModelRequest request, ModelStore store, string statePath, VerifiedPlacement? placement, bool readsAll)
    {
        _request = request;
        _store = store;
        _statePath = statePath;
        _placement = placement;
        _readsAll = readsAll;
        _stampedTicks = DateTime.UtcNow.Ticks;
        _roots = [request.ListBase(), .. request.AdapterPaths.Select((_, index) => request.ListAdapter(index))];
        _state = StateFile.TryLoad(statePath);
    }

    /// <summary>Why <see cref="Find"/> found nothing, as the end of a sentence.</summary>
    public string Reason { get; private set; } = "";

    /// <param name="newerThanTicks">An entry counts only if its merge ended later; null where any will do.</param>
    /// <param name="cancellation">Reading large files takes time.</param>
    /// <returns>The model's entry; null where it has to be merged.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be read.</exception>
    public FoundModel? Find(long? newerThanTicks, CancellationToken cancellation)
    {
        if (!HashInputs(cancellation))
            return NotFound(Describe(_firstChange is null ? _state?.Key : null));

        string key = ModelKey.Compute(ToolVersion.Current, _request.Options, _known);
        var place = EntryPlace.For(_store.Path, _request.Name, key);
        if (StoreEntry.TryLoad(place, key) is not { } entry)
            return NotFound(Describe(key));
        if (newerThanTicks is { } ticks && entry.FinishedTicks < ticks)
            return NotFound("this is a rebuild");
        StoreEntry asked = _readsAll ? WithoutTimes(entry) : entry;
        if (asked.Check(place, (file, path) => _placement?.Hash(file, path, cancellation) ?? ContentHash.OfFile(path, cancellation)) is not { } whole)
        {
            _damaged = WithoutTimes(entry);
            _damagedPlace = place;
            return NotFound($"'{place.Folder}' was damaged");
        }
        return new FoundModel(key, place, whole, IsRefreshed: !whole.Files.SequenceEqual(entry.Files));
    }

    /// <summary>No file has such a time, so each is read.</summary>
    private static StoreEntry WithoutTimes(StoreEntry entry) =>
        entry with { Files = [.. entry.Files.Select(file => file with { Stamp = file.Stamp with { ModifiedTicks = 0 } })] };

    /// <summary>Remembers that the model is up to date, for the next build and for Visual Studio's check of times.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be written.</exception>
    public void SaveFound(FoundModel found)
    {
        if (found.IsRefreshed)
            found.Entry.Save(found.Place);
        if (_isNewToState || _state is null || _state.Key != found.Key || _state.Inputs.Count != _known.Count)
        {
            StateFile.Create(_statePath, _stampedTicks, found.Key, found.Place.Name, _known).Save();
            OptionsFile.Save(_statePath, _request.Options);
        }
        IEnumerable<FileStamp> stamps = _roots.SelectMany(root => root.Files).Select(file => file.Stamp).Where(stamp => stamp.HasTime);
        DateTime newest = new(stamps.Select(stamp => stamp.ModifiedTicks).DefaultIfEmpty(0).Max(), DateTimeKind.Utc);
        if (File.GetLastWriteTimeUtc(_statePath) < newest)
            File.SetLastWriteTimeUtc(_statePath, newest > DateTime.UtcNow ? newest : DateTime.UtcNow);
    }

    /// <summary>Leaves what is known to the worker; without a key, so that a merge that fails is not taken for one that did not.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be written.</exception>
    public void SaveKnown()
    {
        // The worker trusts times: damage that only reading has shown is one that it has to read as well.
        _damaged?.Save(_damagedPlace!);
        StateFile.Create(_statePath, _stampedTicks, key: null, entry: null, _known).Save();
        OptionsFile.Save(_statePath, _request.Options);
    }

    // Hashing what the worker would read anyway pays only if it may save the merge: not where there is no merged model at all.
    private bool HashInputs(CancellationToken cancellation)
    {
        HashSet<InputFile> alwaysRead = AlwaysRead.Among(_roots);
        bool mayBeThere = EntryPlace.AllOf(_request.Name, _store.Path).Any();
        bool isComplete = true;
        foreach (InputRoot root in _roots)
        {
            foreach (InputFile file in root.Files)
            {
                string? known = file.KnownHash ?? _state?.KnownHash(root, file);
                string? hash = alwaysRead.Contains(file) ? null : known;
                if (hash is null)
                {
                    if (!mayBeThere)
                    {
                        if (known is null)
                            _firstChange ??= file;
                        isComplete = false;
                        continue;
                    }
                    hash = ContentHash.OfFile(file.FullPath, cancellation);
                    _isNewToState |= hash != known;
                    if (_state?.LastHash(root, file) != hash)
                        _firstChange ??= file;
                }
                _known.Add(new HashedInput(root, file, hash));
            }
        }
        return isComplete;
    }

    private FoundModel? NotFound(string reason)
    {
        Reason = reason;
        return null;
    }

    private string Describe(string? key)
    {
        if (_state?.Key is null)
            return "it has not been merged yet";
        if (_state.Key == key)
            return $"'{_store.Path}' no longer holds it";
        string? ofInputs = _firstChange is { } change ? $"'{change.FullPath}' {(WasThere(change) ? "has changed" : "is new")}" : FindGone();
        string[] known = [.. new[] { ofInputs, OptionsFile.FindChange(_statePath, _request.Options) }.OfType<string>()];
        return known.Length > 0 ? string.Join(" and ", known) : "an option or the list of inputs has changed";
    }

    private bool WasThere(InputFile file) => _state!.Inputs.Any(input =>
        _roots.Find(root => root.Label == input.Label)?.Files.Contains(file) == true && input.RelativePath == file.RelativePath);

    private string? FindGone()
    {
        StateFile.Input? gone = _state!.Inputs.FirstOrDefault(input =>
            !_known.Exists(known => known.Root.Label == input.Label && known.File.RelativePath == input.RelativePath));
        return gone is null ? null : $"'{gone.RelativePath}' is gone";
    }
}

/// <param name="Key">The model's key.</param>
/// <param name="Place">Its place in the store.</param>
/// <param name="Entry">Whole, with the times that its files have now.</param>
/// <param name="IsRefreshed">Whether the store's own list has other times.</param>
internal sealed record FoundModel(string Key, EntryPlace Place, StoreEntry Entry, bool IsRefreshed);
