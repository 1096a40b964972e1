using LoraMerge.Agreed.ModelFiles;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;

namespace LoraMerge.Cli;

/// <summary>Where an input of a command lies, after it was fetched where it was an address: all behind sees a folder or a file.</summary>
/// <param name="Path">The folder or file.</param>
/// <param name="Fetched">What is known of it from the hub; null for what the user laid there.</param>
internal sealed record InputLocation(string Path, FetchedInput? Fetched = null)
{
    private InputLocation(FetchedRepository fetched)
        : this(fetched.Folder, new FetchedInput(fetched.Name, fetched.Address.Text, fetched.Commit, fetched.Names))
    {
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
