namespace LoraMerge.Hub.Faults;

#pragma warning disable CS1591 // what each code means is its heading in docs/diagnostics.md

/// <summary>Every code of the hub. The number is the code: 7003 is LORA7003. docs/diagnostics.md has a heading for each.</summary>
public enum HubCode
{
    // 7001-7009: what was asked for.
    AddressInvalid = 7001,
    EnvironmentInvalid = 7002,
    RoleMismatch = 7003,
    FileMissing = 7004,
    WeightsAmbiguous = 7005,

    // 7010-7019: what the hub says.
    RepositoryNotFound = 7010,
    RevisionNotFound = 7011,
    EntryNotFound = 7012,
    RepositoryGated = 7013,
    TokenRefused = 7014,
    AccessRefused = 7015,

    // 7020-7029: the way there.
    Offline = 7020,
    HubInTrouble = 7021,
    HubNotReachable = 7022,
    NotAHub = 7023,
    RedirectRefused = 7024,
    ProxyFault = 7025,
    UsingCached = 7026,
    ListUnknown = 7027,

    // 7030-7039: what came.
    ListingRefused = 7030,
    ContentDiffers = 7031,
    FileTooLarge = 7032,
    PinDiffers = 7033,

    // 7040-7049: the cache.
    CacheTooSmall = 7040,
    CacheNotWritable = 7041,
    CacheRefused = 7042,
    CacheNotReadable = 7043,

    // 7050-7059: the lock file.
    LockFileUnsound = 7050,
    LockFileNotAccessible = 7051,
    NotLocked = 7052,
    LockedOtherwise = 7053,
    LeftUnlocked = 7054,
}
