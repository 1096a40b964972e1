using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using LoraMerge.Agreed.Messages;

namespace LoraMerge.Build;

/// <summary>
/// Warnings for items that were meant to be those of a merge: MSBuild takes any name, and items that nobody reads do nothing.
/// </summary>
internal static class RequestedItems
{
    private const string Prefix = "Lora";

    private static readonly string[] s_known = [MergeLoraAdapters.BaseModelItem, MergeLoraAdapters.AdapterItem];

    /// <summary>What an item is called that is meant to be one of ours, whatever else is wrong with its name. The targets file has them too.</summary>
    private static readonly string[] s_words = ["lora", "adapter", "model"];

    /// <param name="files">Where items may be written.</param>
    /// <param name="packages">Those of the packages, which may have items of their own; read where one would be warned of.</param>
    /// <param name="isAnyMissing">Whether the project has no base model, or no adapter: then what leads to one is looked for under any name.</param>
    /// <param name="faults">Where it is said.</param>
    public static void Check(ProjectFiles files, Func<ProjectFiles> packages, bool isAnyMissing, FaultLog faults)
    {
        // Nearly always all are known, and no file has to be parsed.
        foreach (string file in files.Texts.Where(file => HoldsUnknown(file.Value, isAnyMissing)).Select(file => file.Key))
        {
            foreach (XElement item in ItemsIn(file))
            {
                string name = item.Name.LocalName;
                string? meant = Spelling.Nearest(name, s_known) ?? (isAnyMissing && IsNamedLikeOurs(name) ? MeantBy(item, file, files.Folder) : null);
                if (meant is not null && item is IXmlLineInfo place && !IsUsed(name, files) && !IsUsed(name, packages()))
                    faults.Warning(new SourcePosition(file, place.LineNumber, place.LinePosition), BuildErrors.ItemUnknown(name, meant));
            }
        }
    }

    private static IEnumerable<XElement> ItemsIn(string file) =>
        from element in SourcePosition.Read(file)?.Descendants() ?? []
        where element.Parent?.Name.LocalName == "ItemGroup" && !s_known.Contains(element.Name.LocalName, StringComparer.OrdinalIgnoreCase)
        select element;

    private static bool HoldsUnknown(string text, bool isAnyMissing)
    {
        string start = isAnyMissing ? "<" : "<" + Prefix;
        for (int at = IndexOf(text, start, 0); at >= 0; at = IndexOf(text, start, at + 1))
        {
            string name = new([.. text.Skip(at + 1).TakeWhile(char.IsLetterOrDigit)]);
            bool isKnown = s_known.Contains(name, StringComparer.OrdinalIgnoreCase) || name.StartsWith("LoraMerge", StringComparison.OrdinalIgnoreCase);
            if (!isKnown && IsNamedLikeOurs(name))
                return true;
        }
        return false;
    }

    private static bool IsNamedLikeOurs(string name) => s_words.Any(word => IndexOf(name, word, 0) >= 0);

    /// <summary>By what the item leads to: an adapter, or a model; of what is at the hub, the item's name alone tells.</summary>
    private static string? MeantBy(XElement item, string file, string projectFolder)
    {
        string include = ((string?)item.Attribute("Include") ?? "").Split(';')[0].Trim();
        if (AddressScheme.Begins(include))
            return NamesBase(item.Name.LocalName) ? MergeLoraAdapters.BaseModelItem : MergeLoraAdapters.AdapterItem;
        string written = include
            .Replace("$(MSBuildThisFileDirectory)", Path.GetDirectoryName(file) + "/")
            .Replace("$(MSBuildProjectDirectory)", projectFolder)
            .Replace('\\', '/');
        // Of marks that no path has, as in @(Other->'%(FullPath)'), .NET Framework makes an exception.
        if (written.Length == 0 || written.IndexOfAny(['<', '>', '|', '"', '*', '?']) >= 0)
            return null;
        string path = Path.Combine(projectFolder, written);
        return !Directory.Exists(path) ? null
            : PathGuess.IsAdapter(path) ? MergeLoraAdapters.AdapterItem
            : PathGuess.IsModel(path) ? MergeLoraAdapters.BaseModelItem
            : null;
    }

    private static bool NamesBase(string name) => IndexOf(name, "base", 0) >= 0 || (IndexOf(name, Prefix, 0) < 0 && IndexOf(name, "adapter", 0) < 0);

    /// <summary>An item that a file uses as @(Name) is the project's own, or a package's.</summary>
    private static bool IsUsed(string name, ProjectFiles files)
    {
        string use = $@"@\(\s*{Regex.Escape(name)}\b|%\(\s*{Regex.Escape(name)}\s*\.";
        return files.Texts.Values.Any(text => Regex.IsMatch(text, use, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant));
    }

    private static int IndexOf(string text, string part, int from) => text.IndexOf(part, from, StringComparison.OrdinalIgnoreCase);
}
