using System.Collections;
using System.Xml;
using System.Xml.Linq;
using LoraMerge.Agreed.Messages;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>
/// The properties that a merge knows, and warnings for others that are called like them: MSBuild takes any name, and one that nobody reads does nothing.
/// </summary>
internal static class RequestedProperties
{
    private const string Prefix = "LoraMerge";
    private const string Directive = "#:property ";

    /// <summary>Those of README.md.</summary>
    public static readonly string[] OfUsers = [.. OptionTable.Of(OptionOwner.Project).Select(option => option.Name)];

    /// <summary>Those by which the package and its tests are put together.</summary>
    public static readonly string[] OfThePackage =
    [
        "LoraMergeTasksAssembly",
        "LoraMergeTaskFactory",
        "LoraMergeWorker",
        "LoraMergeHostRuntime",
        "LoraMergeRuntime_linux_x64",
        "LoraMergeRuntime_win_x64",
        "LoraMergeRuntime_osx_arm64",
    ];

    /// <param name="files">Where properties may be written.</param>
    /// <param name="ofCommandLine">Names of those that the command line sets.</param>
    /// <param name="projectFile">Absolute path of the project.</param>
    /// <param name="faults">Where it is said.</param>
    public static void Check(ProjectFiles files, IEnumerable<string> ofCommandLine, string projectFile, FaultLog faults)
    {
        // A name that a file uses as $(Name) is a variable of the project's own.
        foreach (KeyValuePair<string, string> file in files.Texts)
        {
            foreach (string name in ElementsIn(file.Value).Where(IsUnknown).Where(name => !IsUsed(name, files)).Distinct(StringComparer.OrdinalIgnoreCase))
            {
                if (Find(file.Key, name) is IXmlLineInfo place)
                    faults.Warning(new SourcePosition(file.Key, place.LineNumber, place.LinePosition), BuildErrors.PropertyUnknown(name, "", Meant(name)));
            }
            foreach ((string name, int line) in DirectivesIn(file).Where(directive => IsUnknown(directive.Name)))
                faults.Warning(new SourcePosition(file.Key, line, 1), BuildErrors.PropertyUnknown(name, "", Meant(name)));
        }
        var project = new SourcePosition(projectFile, 0, 0);
        foreach (string name in ofCommandLine.Where(IsUnknown).Where(name => !IsUsed(name, files)))
            faults.Warning(project, BuildErrors.PropertyUnknown(name, ", which the command line sets,", Meant(name)));
        // On Linux and macOS a variable of a program in capitals has another name.
        foreach (string name in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key)
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Where(IsUnknown).Where(name => !IsUsed(name, files)))
            faults.Warning(project, BuildErrors.PropertyUnknown(name, ", which the environment sets,", Meant(name)));
    }

    private static bool IsUnknown(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        && !OfUsers.Contains(name, StringComparer.OrdinalIgnoreCase) && !OfThePackage.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Names behind '&lt;', without parsing: nearly always all are known.</summary>
    private static IEnumerable<string> ElementsIn(string text)
    {
        for (
            int at = text.IndexOf("<" + Prefix, StringComparison.OrdinalIgnoreCase);
            at >= 0;
            at = text.IndexOf("<" + Prefix, at + 1, StringComparison.OrdinalIgnoreCase)
        )
            yield return new string([.. text.Skip(at + 1).TakeWhile(letter => char.IsLetterOrDigit(letter) || letter is '_' or '-')]);
    }

    /// <summary>What a program of one file has in the place of a project file: <c>#:property NAME=VALUE</c>.</summary>
    private static IEnumerable<(string Name, int Line)> DirectivesIn(KeyValuePair<string, string> file) =>
        !file.Value.Contains(Directive) ? []
        : from line in file.Value.Split('\n').Select((text, i) => (Text: text.Trim(), Number: i + 1))
            where line.Text.StartsWith(Directive, StringComparison.Ordinal)
            select (line.Text.Substring(Directive.Length).Split('=')[0].Trim(), line.Number);

    private static XElement? Find(string file, string name) =>
        SourcePosition.Read(file)?.Descendants().FirstOrDefault(element => IsNamed(element, name) && element.Parent?.Name.LocalName == "PropertyGroup");

    /// <summary>Its own element aside, whose condition often asks whether it is set.</summary>
    private static bool IsUsed(string name, ProjectFiles files) =>
        files
            .Texts.Where(file => Holds(file.Value, name))
            .Any(file =>
                SourcePosition
                    .Read(file.Key)
                    ?.Descendants()
                    .Where(element => !IsNamed(element, name))
                    .Any(element =>
                        element.Attributes().Any(attribute => Holds(attribute.Value, name))
                        || element.Nodes().OfType<XText>().Any(text => Holds(text.Value, name))
                    ) == true
            );

    private static bool Holds(string text, string name) => text.IndexOf($"$({name}", StringComparison.OrdinalIgnoreCase) >= 0;

    private static bool IsNamed(XElement element, string name) => element.Name.LocalName.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string? Meant(string name)
    {
        if (Spelling.Nearest(name, OfUsers) is { } property)
            return $"'{property}'";
        foreach (string itemType in (string[])[MergeLoraAdapters.BaseModelItem, MergeLoraAdapters.AdapterItem])
        {
            if (Spelling.Nearest(name.Substring(Prefix.Length), RequestedMetadata.Of(itemType)) is { } metadata)
                return $"the metadata '{metadata}' of a {itemType}";
        }
        return null;
    }
}
