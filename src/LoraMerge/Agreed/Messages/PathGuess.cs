using System.Text.RegularExpressions;

namespace LoraMerge.Agreed.Messages;

/// <summary>What was probably meant by a path that leads nowhere, or to the folder around a model. Says nothing where it would have to guess wildly.</summary>
internal static class PathGuess
{
    /// <summary>As many as a line of a message can hold.</summary>
    private const int MostNames = 5;

    /// <summary>A folder with more in it is not searched.</summary>
    private const int MostFolders = 1000;

    /// <summary>MSBuild makes one slash of several in the address of a page.</summary>
    private static readonly Regex s_hubPage = new(
        @"^(https?:/+(www\.)?(huggingface\.co|hf\.co)/|hf:/?)(?<name>[^/\\@]+/[^/\\@]+)"
            + @"(/tree/(?<revision>[^/\\]+)(?<folder>/[^\\]+?)?|/(blob|resolve)/(?<revision>[^/\\]+)(?<folder>/[^\\]+)?/[^/\\]+)?/?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);

    /// <summary>A hub's name looks like a folder in a folder, and mostly has a number or a dash in it.</summary>
    private static readonly Regex s_hubName = new(@"^[\w.-]+/(?=[\w.]*[\d-])[\w.-]+$", RegexOptions.CultureInvariant);

    /// <returns>A sentence with a space in front, for behind "does not exist."; empty where there is nothing to say.</returns>
    /// <param name="path">What does not exist.</param>
    /// <param name="written">The same as its author wrote it, where that is something else, as in a project.</param>
    public static string ForMissing(string path, string? written = null)
    {
        written ??= path;
        if (AddressOf(written) is { } address)
            return $" A model of the Hugging Face hub is named by its address: '{address}'.";
        if (written.StartsWith("~/", StringComparison.Ordinal))
            return " Only shells know '~': write the folder in full; in a project, $(HOME) stands for yours.";
        if (Nearest(path) is { } near)
            return $" Did you mean '{near}'?";
        if (s_hubName.IsMatch(written) && !Directory.Exists(Parent(path)))
            return $" A model of the Hugging Face hub is named by its address: 'hf://{written}'.";
        string parent = Parent(path);
        string[] there = [.. FoldersIn(parent).Select(folder => Path.GetFileName(folder)!)];
        return there.Length is 0 or > MostNames
            ? ""
            : $" In '{(parent.Length > 0 ? parent : ".")}' there {(there.Length == 1 ? "is" : "are")} {Quoted(there)}.";
    }

    /// <returns>The hub's address that was meant by that of a page of it, or by one with a slash too few; null where none was.</returns>
    public static string? AddressOf(string path)
    {
        Match page = s_hubPage.Match(path);
        string revision = page.Groups["revision"].Value;
        return page.Success ? $"hf://{page.Groups["name"].Value}{page.Groups["folder"].Value}{(revision.Length > 0 ? "@" + revision : "")}" : null;
    }

    /// <returns>
    /// A path that is there, and in which each name differs from that of <paramref name="path"/> by a slip of the pen; null where there is none.
    /// </returns>
    public static string? Nearest(string path)
    {
        var missing = new Stack<string>();
        string folder = path.TrimEnd('/', '\\');
        while (folder.Length > 0 && !Directory.Exists(folder))
        {
            missing.Push(Path.GetFileName(folder));
            folder = Parent(folder);
        }
        foreach (string name in missing)
        {
            if (Spelling.Nearest(name, EntriesOf(folder).Select(entry => Path.GetFileName(entry)!)) is not { } near)
                return null;
            folder = Path.Combine(folder, near);
        }
        return missing.Count > 0 ? folder : null;
    }

    /// <returns>Folders in <paramref name="folder"/>, or one level deeper, that hold a base model.</returns>
    public static IReadOnlyList<string> ModelsIn(string folder) => FindIn(folder, IsModel);

    /// <returns>Folders in <paramref name="folder"/>, or one level deeper, that hold an adapter.</returns>
    public static IReadOnlyList<string> AdaptersIn(string folder) => FindIn(folder, IsAdapter);

    /// <summary>Whether a folder looks like a base model: it has weights and is no adapter.</summary>
    public static bool IsModel(string folder) =>
        !IsAdapter(folder)
        && EntriesOf(folder)
            .Select(entry => Path.GetFileName(entry)!)
            .Any(name =>
                name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
                || name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
                || (name.StartsWith("pytorch_model", StringComparison.Ordinal) && name.EndsWith(".bin", StringComparison.Ordinal))
            );

    /// <summary>Whether a folder looks like an adapter.</summary>
    public static bool IsAdapter(string folder) => File.Exists(Path.Combine(folder, "adapter_config.json"));

    /// <summary>Name of a file in a folder that begins and ends so; null where there is none.</summary>
    public static string? FileIn(string folder, string start, string end) => EntriesOf(folder).Select(entry => Path.GetFileName(entry)!)
        .FirstOrDefault(name => name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    /// <summary>A file right below a subfolder, by the start of its name, as 'folder/file'; null where there is none.</summary>
    public static string? FileBelow(string folder, string start) => FoldersIn(folder)
        .Select(subfolder => EntriesOf(subfolder).Select(entry => Path.GetFileName(entry)!)
            .FirstOrDefault(name => name.StartsWith(start, StringComparison.Ordinal)) is { } name ? $"{Path.GetFileName(subfolder)}/{name}" : null)
        .FirstOrDefault(found => found is not null);

    /// <returns>The names in quotation marks, with 'and' before the last.</returns>
    public static string Quoted(IReadOnlyList<string> names) => names.Count < 2
        ? string.Concat(names.Select(name => $"'{name}'"))
        : $"{string.Join(", ", names.Take(names.Count - 1).Select(name => $"'{name}'"))} and '{names[names.Count - 1]}'";

    private static string[] FindIn(string folder, Func<string, bool> isMeant)
    {
        IReadOnlyList<string> subfolders = FoldersIn(folder);
        string[] found = [.. subfolders.Where(isMeant)];
        return [.. (found.Length > 0 ? found : subfolders.SelectMany(FoldersIn).Take(MostFolders).Where(isMeant)).Take(MostNames)];
    }

    private static string[] FoldersIn(string folder) =>
        [.. EntriesOf(folder).Where(Directory.Exists).Where(entry => Path.GetFileName(entry)![0] != '.')];

    private static string[] EntriesOf(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder.Length > 0 ? folder : ".").Take(MostFolders).OrderBy(entry => entry, StringComparer.Ordinal)
                .Select(entry => folder.Length > 0 ? entry : Path.GetFileName(entry)!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return []; // a guess, and not worth a fault of its own
        }
    }

    private static string Parent(string path)
    {
        try
        {
            return Path.GetDirectoryName(path) ?? "";
        }
        catch (ArgumentException)
        {
            return "";
        }
    }
}
