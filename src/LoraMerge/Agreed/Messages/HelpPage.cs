namespace LoraMerge.Agreed.Messages;

/// <summary>The page with a heading for every code. It lies in the package beside the programs, and in the repository above them.</summary>
internal static class HelpPage
{
    /// <summary>From the task's or the worker's folder to that of the package or the repository.</summary>
    private const int MostLevels = 6;

    private static readonly Lazy<string?> s_file = new(() => Find(typeof(HelpPage).Assembly.Location));

    /// <returns>The address of a code's heading, on this machine; null where the page is not there.</returns>
    /// <param name="code"><c>LORA</c> and four digits.</param>
    public static string? AddressOf(string code) => s_file.Value is { } file ? $"{new Uri(file).AbsoluteUri}#{code.ToLowerInvariant()}" : null;

    private static string? Find(string assembly)
    {
        string? folder = Path.GetDirectoryName(assembly);
        for (int level = 0; level < MostLevels && folder is { Length: > 0 }; level++, folder = Path.GetDirectoryName(folder))
        {
            string file = Path.Combine(folder, "docs", "diagnostics.md");
            if (File.Exists(file))
                return file;
        }
        return null;
    }
}
