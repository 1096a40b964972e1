using LoraMerge.Hub.Faults;

namespace LoraMerge.Hub.Protocol;

/// <summary>What may be over when it is tried again.</summary>
/// <param name="fault">What is said when it is not.</param>
/// <param name="what">What was asked for.</param>
/// <param name="wait">How long the hub asks to wait; null where it does not.</param>
internal sealed class PassingFaultException(HubException fault, string what, TimeSpan? wait = null) : Exception(fault.Message, fault)
{
    public HubException Fault { get; } = fault;

    public string What { get; } = what;

    public TimeSpan? Wait { get; } = wait;
}
