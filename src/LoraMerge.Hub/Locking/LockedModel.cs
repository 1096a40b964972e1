using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Locking;

/// <summary>What a lock file says of one address.</summary>
/// <param name="Role">Base or adapter: as what its files were chosen.</param>
/// <param name="Pins">Commit and files.</param>
internal sealed record LockedModel(HubRole Role, HubPins Pins)
{
    /// <summary>Whether both say the same, file by file.</summary>
    public bool Says(LockedModel other) =>
        Role == other.Role && Pins.Commit == other.Pins.Commit && Pins.Subfolder == other.Pins.Subfolder && Pins.Files.SequenceEqual(other.Pins.Files);
}
