namespace LoraMerge.Faults.Shim;

/// <summary>How an input changes while it is read; the numbers are those of faults.c.</summary>
internal enum ChangeWay
{
    /// <summary>Another file is renamed over it, as careful programs do.</summary>
    Replace = 0,

    /// <summary>It is emptied and written again.</summary>
    Rewrite = 1,

    /// <summary>It is deleted.</summary>
    Remove = 2,

    /// <summary>Another file of the same length and time is renamed over it, as rsync and container layers do.</summary>
    Disguise = 3,
}

/// <param name="Way">What happens.</param>
/// <param name="From">Absolute path of the file that takes its place, or of the one with its new bytes.</param>
/// <param name="To">Absolute path of the input.</param>
internal sealed record InputChange(ChangeWay Way, string From, string To);
