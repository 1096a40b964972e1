using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.ModelFiles;
using LoraMerge.Diagnostics;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;

namespace LoraMerge.Cli;

/// <summary>Where an input of a command lies, after it was fetched where it was an address: all behind sees a folder or a file.</summary>
/// <param name="Path">The folder or file.</param>
/// <param name="Fetched">What is known of it from the hub; null for what the user laid there.</param>
internal sealed record InputLocation(string Path, FetchedInput? Fetched = null)
{
    private InputLocation(FetchedRepository fetched)
        : this(fetched.Folder, Describe(fetched))
    {
    }

    /// <summary>What a merge is told of a repository that was fetched.</summary>
    public static FetchedInput Describe(FetchedRepository fetched) => new(fetched.Name, fetched.Address.Text, fetched.Commit, fetched.Names)
    {
        ListHash = fetched.Files.All(file => file.Hash.Length > 0)
            ? ContentHash.OfText(string.Concat(fetched.Files.Select(file => FormattableString.Invariant($"{file.ByteLength} {file.Hash} {file.Path}\n"))))
            : null,
    };

    /// <summary>Of what a build has fetched already, as its lock file says: no request is made.</summary>
    /// <param name="inputs">Paths and addresses, as the user wrote them, and as what each is wanted.</param>
    /// <param name="fetchedFile">What the build remembers of it.</param>
    /// <exception cref="LoraMergeException">LORA7063.</exception>
    public static IReadOnlyList<InputLocation> Find(IReadOnlyList<(string Text, HubRole Role)> inputs, string fetchedFile)
    {
        FetchedFile? known = FetchedFile.TryLoad(System.IO.Path.GetFullPath(fetchedFile));
        return [.. inputs.Select(input => !HubAddress.IsAddress(input.Text) ? new InputLocation(input.Text)
            : known?.Find(input.Role.Word(), input.Text) is { } found
                ? new InputLocation(found.Folder, found.Fetched)
                : throw Errors.InputNotFetched(input.Text, fetchedFile))];
    }

    /// <param name="inputs">Paths and addresses, as the user wrote them, and as what each is wanted. Only addresses of the hub go to the network.</param>
    /// <param name="events">Told what is fetched.</param>
    /// <param name="cancellation">Keeps what has come.</param>
    /// <exception cref="Hub.Faults.HubException">LORA7001 to LORA7043.</exception>
    public static async Task<IReadOnlyList<InputLocation>> FindAsync(
        IReadOnlyList<(string Text, HubRole Role)> inputs, HubEvents events, CancellationToken cancellation)
    {
        HubWish[] wishes = [.. inputs.Where(input => HubAddress.IsAddress(input.Text)).Select(input => new HubWish(HubAddress.Parse(input.Text), input.Role))];
        if (wishes.Length == 0)
            return [.. inputs.Select(input => new InputLocation(input.Text))];
        using var fetcher = new HubFetcher(HubEnvironment.Read(), Merger.Version, events.Report);
        var fetched = new Queue<FetchedRepository>(await fetcher.FetchAllAsync(wishes, cancellation));
        return [.. inputs.Select(input => HubAddress.IsAddress(input.Text) ? new InputLocation(fetched.Dequeue()) : new InputLocation(input.Text))];
    }
}
