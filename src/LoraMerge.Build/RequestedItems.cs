using System.Xml;
using System.Xml.Linq;
using LoraMerge.Agreed.Messages;

namespace LoraMerge.Build;

/// <summary>Warnings for items that are called nearly like those of a merge: MSBuild takes any name, and items that nobody reads do nothing.</summary>
internal static class RequestedItems
{
    private const string Prefix = "Lora";

    private static readonly string[] s_known = [MergeLoraAdapters.BaseModelItem, MergeLoraAdapters.AdapterItem];

    /// <param name="files">Where items may be written.</param>
    /// <param name="faults">Where it is said.</param>
    public static void Check(ProjectFiles files, FaultLog faults)
    {
        // Nearly always all are known, and no file has to be parsed.
        foreach (string file in files.Texts.Where(file => HoldsUnknown(file.Value)).Select(file => file.Key))
        {
            foreach (XElement item in ItemsIn(file))
            {
                string name = item.Name.LocalName;
                if (Spelling.Nearest(name, s_known) is { } meant && item is IXmlLineInfo place && !IsUsed(name, files))
                    faults.Warning(new SourcePosition(file, place.LineNumber, place.LinePosition), BuildErrors.ItemUnknown(name, meant));
            }
        }
    }

    private static IEnumerable<XElement> ItemsIn(string file) =>
        from element in SourcePosition.Read(file)?.Descendants() ?? []
        where element.Parent?.Name.LocalName == "ItemGroup" && !s_known.Contains(element.Name.LocalName, StringComparer.OrdinalIgnoreCase)
        select element;

    private static bool HoldsUnknown(string text)
    {
        for (int at = IndexOf(text, "<" + Prefix, 0); at >= 0; at = IndexOf(text, "<" + Prefix, at + 1))
        {
            string name = new([.. text.Skip(at + 1).TakeWhile(char.IsLetterOrDigit)]);
            if (!s_known.Contains(name, StringComparer.OrdinalIgnoreCase) && !name.StartsWith("LoraMerge", StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    /// <summary>An item that a file uses as @(Name) is the project's own.</summary>
    private static bool IsUsed(string name, ProjectFiles files) =>
        files.Texts.Values.Any(text => IndexOf(text, $"@({name}", 0) >= 0 || IndexOf(text, $"%({name}.", 0) >= 0);

    private static int IndexOf(string text, string part, int from) => text.IndexOf(part, from, StringComparison.OrdinalIgnoreCase);
}
