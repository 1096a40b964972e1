using System.Xml.Linq;

namespace LoraMerge.Build;

/// <summary>
/// The files that a project's author writes: the project, the Directory files above it, and what these import by a path that can be told without evaluating
/// them.
/// </summary>
/// <remarks>Conditions of imports are not looked at; the SDK is not followed, and packages only from NuGet's own files.</remarks>
internal sealed class ProjectFiles
{
    /// <summary>Whoever imports more makes them by a program.</summary>
    private const int MostFiles = 100;

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    private readonly string? _packageRoot;

    private ProjectFiles(string folder, string? packageRoot) => (Folder, _packageRoot) = (folder, packageRoot);

    /// <summary>Absolute path of the project's folder, at which relative paths of items start.</summary>
    public string Folder { get; }

    /// <summary>Absolute path and contents of each.</summary>
    public IReadOnlyDictionary<string, string> Texts => _texts;

    /// <param name="projectFile">Absolute path.</param>
    /// <param name="others">Absolute paths of files that are known to be imported; those that are not there are left out.</param>
    /// <param name="packageRoot">Absolute path of the folder of packages, with a separator behind it; null where it is not known.</param>
    public static ProjectFiles Read(string projectFile, IEnumerable<string> others, string? packageRoot = null)
    {
        var files = new ProjectFiles(Path.GetDirectoryName(projectFile)!, packageRoot);
        foreach (string file in others.Prepend(projectFile))
            files.Add(file);
        return files;
    }

    private void Add(string file)
    {
        string path = Path.GetFullPath(file);
        if (_texts.Count >= MostFiles || _texts.ContainsKey(path) || TryRead(path) is not { } text)
            return;
        _texts[path] = text;
        // Most files import nothing, and need not be parsed.
        if (text.IndexOf("<Import", StringComparison.OrdinalIgnoreCase) < 0 || SourcePosition.Read(path) is not { } document)
            return;
        foreach (XElement import in document.Descendants().Where(element => element.Name.LocalName == "Import" && element.Attribute("Sdk") is null))
        {
            if (Resolve((string?)import.Attribute("Project") ?? "", Path.GetDirectoryName(path)!) is { } imported)
                Add(imported);
        }
    }

    private string? Resolve(string written, string folder)
    {
        string path = FileAbove(written, folder) ?? written
            .Replace("$(MSBuildThisFileDirectory)", folder + "/")
            .Replace("$(MSBuildProjectDirectory)", Folder)
            .Replace("$(NuGetPackageRoot)", _packageRoot ?? "$(NuGetPackageRoot)");
        return path.Length == 0 || path.IndexOfAny(['$', '@', '%', '*', '?']) >= 0 ? null : Path.Combine(folder, path.Replace('\\', '/'));
    }

    /// <summary>The way that Directory files name the next of their kind: <c>$([MSBuild]::GetPathOfFileAbove('NAME', …))</c>.</summary>
    private static string? FileAbove(string written, string folder)
    {
        if (written.IndexOf("GetPathOfFileAbove(", StringComparison.OrdinalIgnoreCase) < 0 || written.Split('\'') is not { Length: > 2 } parts)
            return null;
        for (string? above = Path.GetDirectoryName(folder); above is { Length: > 0 }; above = Path.GetDirectoryName(above))
        {
            if (File.Exists(Path.Combine(above, parts[1])))
                return Path.Combine(above, parts[1]);
        }
        return "";
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // MSBuild has read it, or says what is wrong with it
        }
    }
}
