using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Fetching;

/// <summary>A repository that is wanted.</summary>
/// <param name="Address">Which.</param>
/// <param name="Role">As what.</param>
/// <param name="Pins">What a lock file says of it; null to ask the hub.</param>
public sealed record HubWish(HubAddress Address, HubRole Role, HubPins? Pins = null);
