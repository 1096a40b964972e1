using System.Xml;
using System.Xml.Linq;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>Where an item, or one of its metadata, is written.</summary>
/// <param name="File">The project file or a file that it imports.</param>
/// <param name="Line">From 1; 0 where it is not known, as for an Include with a property in it.</param>
/// <param name="Column">From 1; 0 where it is not known.</param>
internal readonly record struct SourcePosition(string File, int Line, int Column)
{
    public static SourcePosition Of(ITaskItem? item, string? metadata, string projectFile)
    {
        if (item is null)
            return new SourcePosition(projectFile, 0, 0);
        string file = item.GetMetadata("DefiningProjectFullPath") is { Length: > 0 } defining ? defining : projectFile;
        try
        {
            return Find(file, item.ItemSpec, metadata) is { } place && place.HasLineInfo()
                ? new SourcePosition(file, place.LineNumber, place.LinePosition)
                : new SourcePosition(file, 0, 0);
        }
        catch (Exception fault) when (fault is IOException or XmlException or UnauthorizedAccessException)
        {
            return new SourcePosition(file, 0, 0);
        }
    }

    // MSBuild does not say where an item stands, so the file is read again; only on the way to an error.
    private static IXmlLineInfo? Find(string file, string include, string? metadata)
    {
        XDocument document = XDocument.Load(file, LoadOptions.SetLineInfo);
        XElement? element = document.Descendants()
            .Where(element => element.Name.LocalName is MergeLoraAdapters.AdapterItem or MergeLoraAdapters.BaseModelItem)
            .FirstOrDefault(element => Includes(element, include));
        if (element is null)
            return null;
        object? place = metadata is null ? null : element.Attribute(metadata) as object ?? element.Elements().FirstOrDefault(child => child.Name.LocalName == metadata);
        return (place ?? element.Attribute("Include")) as IXmlLineInfo;
    }

    private static bool Includes(XElement element, string include)
    {
        string written = (string?)element.Attribute("Include") ?? "";
        return written.Replace('\\', '/').Split(';').Any(part => part.Trim() == include.Replace('\\', '/'));
    }
}
