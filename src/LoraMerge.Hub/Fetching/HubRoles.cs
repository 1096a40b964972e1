namespace LoraMerge.Hub.Fetching;

/// <summary>Words for what a repository was fetched as.</summary>
public static class HubRoles
{
    /// <summary>As a lock file, a file of a build and JSON have the role of something fetched: <c>base</c> or <c>adapter</c>.</summary>
    public static string Word(this HubRole role) => role == HubRole.Adapter ? InputRole.Adapter : InputRole.Base;
}
