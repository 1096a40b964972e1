namespace LoraMerge.Build;

/// <summary>A file of the store does not have the bytes that its entry says.</summary>
internal sealed class DamagedFileException(string path, string expected, string found)
    : IOException($"'{path}' does not hold the bytes that the store's list says: hash {expected} expected, {found} found.");
