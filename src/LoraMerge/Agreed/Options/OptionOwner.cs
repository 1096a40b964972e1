namespace LoraMerge.Agreed.Options;

/// <summary>Where a project says an option.</summary>
internal enum OptionOwner
{
    /// <summary>Metadata of a LoraBaseModel: for one base, and all that is merged into it.</summary>
    BaseModel,

    /// <summary>Metadata of a LoraAdapter.</summary>
    Adapter,

    /// <summary>A property: for all merged models of a project.</summary>
    Project,
}
