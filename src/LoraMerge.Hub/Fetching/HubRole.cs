namespace LoraMerge.Hub.Fetching;

/// <summary>What a repository is fetched as.</summary>
public enum HubRole
{
    /// <summary>An adapter where it has an <c>adapter_config.json</c>, a base otherwise.</summary>
    Auto,

    /// <summary>A base model.</summary>
    Base,

    /// <summary>An adapter.</summary>
    Adapter,
}
