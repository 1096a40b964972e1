namespace LoraMerge.Hub.Faults;

/// <summary>A fault of the user, of the hub or of the way there, made by <see cref="HubErrors"/>. Anything else that is thrown is a fault of ours.</summary>
public sealed class HubException : Exception
{
    internal HubException(HubCode code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>What kind of fault; printed as <c>LORA</c> and the number.</summary>
    public HubCode Code { get; }

    /// <summary>What else is wrong, where several addresses were asked for at once.</summary>
    public IReadOnlyList<HubException> Others { get; internal init; } = [];

    /// <summary>Whether it passes by itself, so that a commit that the cache has may do meanwhile.</summary>
    internal bool IsPassing => Code is HubCode.HubInTrouble or HubCode.HubNotReachable or HubCode.ProxyFault;
}
