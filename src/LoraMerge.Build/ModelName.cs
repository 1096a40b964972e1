namespace LoraMerge.Build;

/// <summary>Names of folders that every system accepts.</summary>
internal static class ModelName
{
    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL"];

    public static bool IsValid(string name)
    {
        return name.Length > 0 && name is not ("." or "..")
            && !name.Any(c => c < ' ' || "<>:\"/\\|?*".IndexOf(c) >= 0)
            && !name.EndsWith(".", StringComparison.Ordinal) && !name.EndsWith(" ", StringComparison.Ordinal)
            && !IsDevice(name.Split('.')[0]);
    }

    /// <returns>The path with '/', none at its ends, and without '.' and '..'; null where it is not below the folder that it starts at.</returns>
    public static string? NormalizeTargetPath(string path)
    {
        string slashed = path.Replace('\\', '/');
        List<string> parts = [];
        foreach (string part in slashed.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else
                return null;
        }
        return parts.Count > 0 && slashed[0] != '/' && parts.All(IsValid) ? string.Join("/", parts) : null;
    }

    private static bool IsDevice(string stem)
    {
        bool isPort = stem.Length == 4 && char.IsDigit(stem[3])
            && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase));
        return isPort || s_devices.Contains(stem, StringComparer.OrdinalIgnoreCase);
    }
}
