using LoraMerge.Diagnostics;

namespace LoraMerge.Checkpoints;

/// <summary>Refuses what is no file where a file belongs.</summary>
internal static class SpecialFile
{
    /// <exception cref="LoraMergeException">LORA1112.</exception>
    public static void ThrowIf(string path)
    {
        if (SpecialKind.Of(path) is string kind)
            throw Errors.InputIsSpecial(path, kind);
    }
}
