using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>Where an item, one of its metadata, or a property is written.</summary>
/// <param name="File">The project file or a file that it imports.</param>
/// <param name="Line">From 1; 0 where it is not known.</param>
/// <param name="Column">From 1; 0 where it is not known.</param>
internal readonly record struct SourcePosition(string File, int Line, int Column)
{
    // What stands in an Include for text that is only known when it is evaluated: a property, items of another type, metadata; an escaped letter.
    // Parentheses stand in each other, in transforms and in property functions.
    private static readonly Regex s_computed =
        new(@"[$@%]\((?:[^()]|\((?<open>)|\)(?<-open>))*(?(open)(?!))\)|%[0-9A-Fa-f]{2}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);

    private static readonly Regex s_ofOtherItem = new(@"%\(\s*([\w-]+)\s*\.\s*[\w-]+\s*\)", RegexOptions.CultureInvariant);

    /// <param name="item">Null where the project as a whole is meant.</param>
    /// <param name="fault">What is said of it.</param>
    /// <param name="projectFile">The project, for items of which it is not known where they were made.</param>
    public static SourcePosition Of(ITaskItem? item, BuildFault fault, string projectFile)
    {
        if (item is null)
            return new SourcePosition(projectFile, 0, 0);
        string file = FileOf(item, projectFile);
        return Read(file) is { } document && Find(document, item, fault) is { } place && place.HasLineInfo()
            ? new SourcePosition(file, place.LineNumber, place.LinePosition)
            : new SourcePosition(file, 0, 0);
    }

    /// <summary>
    /// Whether a file that makes an item of this type writes this metadata, in whatever way: it was then not merely taken over from another item.
    /// </summary>
    public static bool IsWritten(ITaskItem item, string itemType, string metadata, string projectFile) =>
        Read(FileOf(item, projectFile))?.Descendants().Any(element => element.Name.LocalName == itemType && Place(element, metadata) is not null) == true;

    /// <summary>Whether it is items of another type that became this one, as in <c>Include="@(Voice->'adapters/%(Identity)')"</c>.</summary>
    public static bool IsMadeOfItems(ITaskItem item, string itemType, string projectFile) =>
        Read(FileOf(item, projectFile))?.Descendants().Any(
            element => element.Name.LocalName == itemType
                && Includes(element, item.ItemSpec, (written, include) => written.Contains("@(") && MayBecome(written, include))) == true;

    /// <returns>
    /// What is written for metadata that are empty, where it is those of another item, such as <c>%(Voice.Strength)</c>: only in targets these can be had.
    /// </returns>
    public static string? FindLost(ITaskItem item, string itemType, string metadata, string projectFile) =>
        Read(FileOf(item, projectFile))?.Descendants()
            .Where(element => element.Name.LocalName == itemType && !element.Ancestors().Any(outer => outer.Name.LocalName == "Target"))
            .Where(element => Includes(element, item.ItemSpec, MayBecome))
            .Select(element => Place(element, metadata) switch
            {
                XAttribute attribute => s_ofOtherItem.Match(attribute.Value),
                XElement child => s_ofOtherItem.Match(child.Value),
                _ => Match.Empty,
            })
            .FirstOrDefault(match => match.Success && match.Groups[1].Value != itemType)?.Value;

    /// <returns>The file with the positions of its elements; null where it is not there or no XML.</returns>
    public static XDocument? Read(string file)
    {
        try
        {
            return XDocument.Load(file, LoadOptions.SetLineInfo);
        }
        catch (Exception fault) when (fault is IOException or XmlException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string FileOf(ITaskItem item, string projectFile) =>
        item.GetMetadata("DefiningProjectFullPath") is { Length: > 0 } defining ? defining : projectFile;

    // MSBuild does not say where an item stands, so the file is read again; only on the way to an error.
    private static IXmlLineInfo? Find(XDocument document, ITaskItem item, BuildFault fault)
    {
        List<XElement> elements =
        [
            .. document.Descendants().Where(element => element.Name.LocalName is MergeLoraAdapters.AdapterItem or MergeLoraAdapters.BaseModelItem),
        ];
        List<XElement> candidates = elements.FindAll(element => Includes(element, item.ItemSpec, Matches));
        if (candidates.Count == 0)
            candidates = elements.FindAll(element => Includes(element, item.ItemSpec, MayBecome));
        if (candidates.Count == 0)
            return null;
        int likest = candidates.Max(element => Likeness(element, item));
        List<XElement> best = candidates.FindAll(element => Likeness(element, item) == likest);
        XElement found = fault.IsLast ? best[best.Count - 1] : best[0];
        return ((fault.Metadata is null ? null : Place(found, fault.Metadata)) ?? found.Attribute("Include")) as IXmlLineInfo;
    }

    private static object? Place(XElement element, string metadata) =>
        element.Attributes().FirstOrDefault(attribute => IsNamed(attribute.Name, metadata)) as object
        ?? element.Elements().FirstOrDefault(child => IsNamed(child.Name, metadata));

    /// <summary>Of two items with one Include, that one stands here whose metadata are these.</summary>
    private static int Likeness(XElement element, ITaskItem item) =>
        element.Attributes().Select(attribute => (attribute.Name, attribute.Value)).Concat(element.Elements().Select(child => (child.Name, child.Value)))
            .Sum(pair => pair.Name.LocalName is "Include" or "Condition" ? 0 : item.GetMetadata(pair.Name.LocalName) == pair.Value ? 1 : -1);

    private static bool IsNamed(XName name, string metadata) => name.LocalName.Equals(metadata, StringComparison.OrdinalIgnoreCase);

    private static bool Includes(XElement element, string include, Func<string, string, bool> fits) =>
        ((string?)element.Attribute("Include") ?? "")
            .Split(';')
            .Any(part => part.Trim().Length > 0 && fits(part.Trim().Replace('\\', '/'), include.Replace('\\', '/')));

    private static bool Matches(string written, string include) => written == include;

    /// <summary>Whether an Include with wildcards or with computed parts can have given this item.</summary>
    private static bool MayBecome(string written, string include)
    {
        IEnumerable<string> parts = s_computed.Split(written)
            .Select(text => Regex.Escape(text).Replace(@"\*\*/", "(.*/)?").Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*").Replace(@"\?", "[^/]"));
        return Regex.IsMatch(include, $"^{string.Join(".*", parts)}$", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }
}
