using LoraMerge.Agreed.Messages;
using LoraMerge.Agreed.Options;
using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>The metadata that the two items know, and warnings for all others: what is written and does nothing has to be said.</summary>
internal static class RequestedMetadata
{
    private static readonly string[] s_ofBaseModel = [.. OptionTable.Of(OptionOwner.BaseModel).Select(option => option.Name)];

    private static readonly string[] s_ofAdapter = [.. OptionTable.Of(OptionOwner.Adapter).Select(option => option.Name)];

    /// <summary>What an editor keeps with a file for itself.</summary>
    private static readonly string[] s_ofEditors = ["Visible", "InProject", "SubType", "DependentUpon"];

    /// <summary>
    /// What the SDKs for apps, web, Razor, Blazor and workers and NuGet put on items of other types. On these two they put nothing; but where an item is made
    /// from another
    /// (<c>Include="@(Content)"</c>, a file of a package, what a target returns), its metadata come along.
    /// </summary>
    private static readonly string[] s_ofTheBuild =
    [
        "AssetType",
        "CopyLocal",
        "CopyToOutputDirectory",
        "CopyToPublishDirectory",
        "CopyUpToDateMarker",
        "DestinationSubDirectory",
        "DestinationSubPath",
        "ExcludeFromSingleFile",
        "IsKeyOutput",
        "Link",
        "MSBuildSourceProjectFile",
        "MSBuildSourceTargetName",
        "NuGetItemType",
        "NuGetPackageId",
        "NuGetPackageVersion",
        "OriginalItemSpec",
        "Pack",
        "PathInPackage",
        "Private",
        "ReferenceAssembly",
        "RelativePath",
        "RuntimeIdentifier",
        "TargetFrameworkIdentifier",
        "TargetFrameworkVersion",
        "TargetPath",
        "TargetPlatformIdentifier",
        "TargetPlatformMoniker",
    ];

    /// <summary>Of metadata that are called like nothing that the items have.</summary>
    private static readonly string s_codeOfUnknown = BuildErrors.MetadataUnknown("", "", []).Code;

    /// <summary>Words that people try who know the matter from elsewhere.</summary>
    private static readonly Dictionary<string, string> s_otherWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Scale"] = "Weight",
        ["Scaling"] = "Weight",
        ["Strength"] = "Weight",
        ["Factor"] = "Weight",
        ["Ratio"] = "Weight",
        ["Name"] = "MergedModelName",
        ["ModelName"] = "MergedModelName",
        ["OutputName"] = "MergedModelName",
        ["Path"] = "TargetPath",
        ["Output"] = "TargetPath",
        ["OutputPath"] = "TargetPath",
        ["OutputFolder"] = "TargetPath",
        ["OutputDirectory"] = "TargetPath",
        ["Link"] = "TargetPath",
        ["LinkBase"] = "TargetPath",
        ["OutputFormat"] = "Format",
        ["Quant"] = "Quantization",
        ["QuantizationType"] = "Quantization",
        ["QType"] = "Quantization",
        ["Precision"] = "DType",
        ["DataType"] = "DType",
        ["Base"] = "BaseModel",
        ["BaseVersion"] = "BaseModelVersion",
        ["CombinationType"] = "Combine",
        ["Rank"] = "SvdRank",
        ["PeftVersion"] = "AdapterVersion",
    };

    /// <param name="itemType">LoraBaseModel or LoraAdapter.</param>
    public static IReadOnlyList<string> Of(string itemType) => itemType == MergeLoraAdapters.AdapterItem ? s_ofAdapter : s_ofBaseModel;

    private static OptionOwner OwnerOf(string itemType) => itemType == MergeLoraAdapters.AdapterItem ? OptionOwner.Adapter : OptionOwner.BaseModel;

    /// <summary>Warns of metadata that nobody reads, and refuses such as were lost on their way.</summary>
    public static void Check(ITaskItem item, string itemType, FaultLog faults)
    {
        foreach (
            string name in item.CloneCustomMetadata()
                .Keys.Cast<string>()
                .Where(name => !Contains(Of(itemType), name) && !Contains(s_ofEditors, name))
                .OrderBy(name => name, StringComparer.Ordinal)
        )
        {
            BuildFault doubt = Doubt(itemType, name);
            bool isOfOtherItem = Contains(s_ofTheBuild, name) || (doubt.Code == s_codeOfUnknown && faults.IsMadeOfItems(item, itemType));
            if (!isOfOtherItem || faults.IsWritten(item, itemType, name))
                faults.Warning(item, doubt);
        }
        foreach (
            string name in item.CloneCustomMetadata().Keys.Cast<string>()
                .Where(name => Contains(Of(itemType), name) && item.GetMetadata(name).Length == 0)
        )
        {
            if (faults.FindLost(item, itemType, name) is { } reference)
                faults.Error(item, BuildErrors.MetadataLost(itemType, name, reference));
        }
    }

    private static BuildFault Doubt(string itemType, string name)
    {
        string otherType = itemType == MergeLoraAdapters.AdapterItem ? MergeLoraAdapters.BaseModelItem : MergeLoraAdapters.AdapterItem;
        if (Contains(Of(otherType), name))
            return BuildErrors.MetadataOfOtherItem(itemType, name, otherType);
        if (
            s_otherWords.TryGetValue(name, out string? meant)
            || (meant = Spelling.Nearest(name, Of(itemType)) ?? Spelling.Nearest(name, Of(otherType))) is not null
        )
            return BuildErrors.MetadataResembles(itemType, name, meant, Contains(Of(itemType), meant) ? itemType : otherType);
        return BuildErrors.MetadataUnknown(itemType, name, OptionTable.Of(OwnerOf(itemType)).Select(option => option.Name));
    }

    private static bool Contains(IReadOnlyList<string> names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
