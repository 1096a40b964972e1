namespace LoraMerge.Agreed.Options;

/// <summary>
/// An option of a merge: all that is known of it. Checks of metadata and properties, the worker's arguments, the command line with its help, and the model's
/// key
/// follow from it; the pages for Visual Studio and the tables of README.md are held to it by tests.
/// </summary>
/// <param name="Owner">Where a project says it.</param>
/// <param name="Name">Name of the metadata or the property.</param>
/// <param name="Form">What it may be.</param>
internal sealed record MergeOption(OptionOwner Owner, string Name, OptionForm Form)
{
    /// <summary>The switch of the command line; null where only a build has the option. Those of adapters take <c>N=</c> before the value.</summary>
    public string? Switch { get; init; }

    /// <summary>What a key calls it; null where it changes no byte of the result.</summary>
    public string? Key { get; init; }

    /// <summary>What holds where it is not given; null where that depends on the inputs or the machine.</summary>
    public string? Default { get; init; }

    /// <summary>One line for the command line's help.</summary>
    public string Description { get; init; } = "";

    /// <summary>What help calls the value.</summary>
    public string ValueName { get; init; } = "";

    /// <summary>Whether help passes over it: a build's own affair.</summary>
    public bool IsHidden { get; init; }

    /// <summary>How a message says which option has changed.</summary>
    public string Title => Owner == OptionOwner.BaseModel && Name == "Version" ? "Version of the base model" : Name;
}
