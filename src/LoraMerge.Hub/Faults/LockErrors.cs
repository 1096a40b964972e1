using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Faults;

/// <summary>Makes every fault of a lock file.</summary>
internal static class LockErrors
{
    /// <param name="path">The lock file.</param>
    /// <param name="line">From 1; 0 where the fault has no line.</param>
    /// <param name="reason">As a part of a sentence.</param>
    public static HubException Unsound(string path, long line, string reason) =>
        new(HubCode.LockFileUnsound,
            $"'{path}' is no lock file of models: {reason}{At(line)}. Nothing was fetched. Take the file from your source control again; or delete it, "
                + "and the next build writes it with what the hub has now.");

    public static HubException IsUtf16(string path) =>
        new(HubCode.LockFileUnsound,
            $"'{path}' is text in UTF-16, and UTF-8 is expected. Nothing was fetched. Save it as UTF-8, or take the file from your source control again.");

    /// <param name="path">The lock file.</param>
    /// <param name="found">Its version, as it is written.</param>
    /// <param name="known">The latest version that is known.</param>
    public static HubException IsLater(string path, string found, int known) =>
        new(HubCode.LockFileUnsound,
            FormattableString.Invariant($"'{path}' was written by a later release of LoraMerge.Build: its version is {found}, and this release knows ")
                + FormattableString.Invariant($"{known} at most. Nothing was fetched, and the file is left as it is. Update the package LoraMerge.Build ")
                + "(and the tool lora-merge, where it reads the file) to the release that whoever committed the file builds with.");

    public static HubException HoldsConflict(string path, int line) =>
        new(HubCode.LockFileUnsound,
            $"'{path}' holds the marks of a merge conflict{At(line)}. Nothing was fetched. Keep one side of each conflict, or take one of the two files "
                + "whole; what it then lacks is added by the next build.");

    public static HubException NotReadable(string path, Exception cause) =>
        new(HubCode.LockFileNotAccessible, $"The lock file '{path}' cannot be read: {cause.Message.TrimEnd('.')}. Change its permissions.", cause);

    public static HubException NotWritable(string path, Exception cause) =>
        new(HubCode.LockFileNotAccessible,
            $"The lock file '{path}' cannot be written: {cause.Message.TrimEnd('.')}. Change its permissions or those of its folder; or commit a lock "
                + "file that has all that the project names, which is only read.", cause);

    public static HubException FileMissing(HubAddress address, string path) =>
        new(HubCode.NotLocked,
            $"'{address}' is not locked, as there is no lock file '{path}', and LoraMergeLockedMode allows nothing else. Nothing was fetched. Build "
                + "once without LoraMergeLockedMode, and commit the file that it writes.");

    public static HubException AddressMissing(HubAddress address, string path) =>
        new(HubCode.NotLocked,
            $"'{address}' is not in the lock file '{path}', and LoraMergeLockedMode allows nothing else. Nothing was fetched. Build once without "
                + "LoraMergeLockedMode, and commit what it adds to the file.");

    public static HubException AddressUnknown(HubAddress address, string path) =>
        new(HubCode.NotLocked,
            $"'{address}' is not in the lock file '{path}', so there is nothing to move on. A build adds what its items name; correct the address.");

    public static HubException NothingLocked(string path, bool exists) =>
        new(HubCode.NotLocked,
            (exists ? $"The lock file '{path}' has no addresses" : $"There is no lock file '{path}'") + ", so there is nothing to move on. A build "
                + "writes it; go to its folder, or name it by --lock-file.");

    public static HubException RoleDiffers(HubAddress address, string path, bool isLockedAsAdapter) =>
        new(HubCode.LockedOtherwise,
            $"'{address}' is named as {Role(!isLockedAsAdapter)}, but the lock file '{path}' has it as {Role(isLockedAsAdapter)}, with the files that "
                + "one needs. Correct the item; or, if it is right, delete the address's entry in the lock file.");

    public static HubException Incomplete(HubAddress address, string path, string reason) =>
        new(HubCode.LockedOtherwise,
            $"What the lock file '{path}' has for '{address}' is not all that a merge needs: {reason}. Nothing was fetched. Take the file from your "
                + "source control again, or delete the address's entry in it.");

    public static HubException Differs(HubAddress address, string path, string commit, string difference) =>
        new(HubCode.LockedOtherwise,
            $"The lock file '{path}' and the hub disagree on '{address}', commit {commit}: {difference}. Nothing was fetched. Somebody changed the lock "
                + "file, or the hub gives something else under that commit; delete the address's entry only if you trust what is there now.");

    public static HubEvent NotLocked(HubAddress address, string path) =>
        new HubEvent.Warning(HubCode.LeftUnlocked,
            $"'{address}' is not written to the lock file '{path}': without requests nobody can tell which files its commit has. The next build that is "
                + "online locks it, and fetches nothing that the cache has.");

    private static string At(long line) => line > 0 ? FormattableString.Invariant($" (line {line})") : "";

    private static string Role(bool isAdapter) => isAdapter ? "an adapter" : "a base";
}
