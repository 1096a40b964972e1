using LoraMerge.Hub.Faults;

namespace LoraMerge.Hub.Locking;

/// <summary>All that is wrong with the addresses of a project, or with its lock file.</summary>
/// <param name="faults">Each with the address or the file that it speaks of; at least one.</param>
public sealed class FetchFaultsException(IReadOnlyList<(string Origin, HubException Fault)> faults) : Exception(faults[0].Fault.Message)
{
    /// <summary>Each with the address or the file that it speaks of.</summary>
    public IReadOnlyList<(string Origin, HubException Fault)> Faults { get; } = faults;
}
