namespace LoraMerge.Agreed.Options;

/// <summary>The kinds of <see cref="OptionForm"/>; each has its own error.</summary>
internal enum OptionFormKind
{
    /// <summary>Anything.</summary>
    Text,

    /// <summary>One of a few words.</summary>
    Words,

    /// <summary>A boolean of MSBuild.</summary>
    Switch,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>A number from 0 to 1.</summary>
    Share,

    /// <summary>A whole number from 1.</summary>
    Count,

    /// <summary>Bytes.</summary>
    Size,

    /// <summary>Where the arithmetic runs.</summary>
    Device,

    /// <summary>SHA-256 of files.</summary>
    Digests,
}
