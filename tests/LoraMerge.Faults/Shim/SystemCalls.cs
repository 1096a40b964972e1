namespace LoraMerge.Faults.Shim;

/// <summary>Kinds of calls of the system, as bits in the order of faults.c.</summary>
[Flags]
internal enum SystemCalls : uint
{
    None = 0,
    Open = 1 << 0,
    Create = 1 << 1,
    Read = 1 << 2,
    Write = 1 << 3,
    Fsync = 1 << 4,
    Rename = 1 << 5,
    Unlink = 1 << 6,
    Mkdir = 1 << 7,
    Rmdir = 1 << 8,
    Link = 1 << 9,
    Symlink = 1 << 10,
    Clone = 1 << 11,
    Stat = 1 << 12,
    Readdir = 1 << 13,
    Flock = 1 << 14,
    Truncate = 1 << 15,
    Chmod = 1 << 16,
    Utime = 1 << 17,
    Copy = 1 << 18,
    Statfs = 1 << 19,
    Close = 1 << 20,

    /// <summary>Calls that change something on the disk: before each of them a kill finds another state.</summary>
    Changing = Create | Write | Fsync | Rename | Unlink | Mkdir | Rmdir | Link | Symlink | Clone | Truncate | Chmod | Utime | Copy,

    /// <summary>Calls that take room.</summary>
    Filling = Create | Write | Fsync | Rename | Mkdir | Link | Symlink | Clone | Truncate | Copy,

    /// <summary>Calls that the system may forbid.</summary>
    Permitted = Open | Create | Rename | Unlink | Mkdir | Rmdir | Link | Stat | Readdir | Chmod | Utime,

    /// <summary>Calls that may do a part of what was asked.</summary>
    Partial = Read | Write | Copy,

    All = (1 << 21) - 1,
}
