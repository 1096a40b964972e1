using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>The metadata that the two items know, and warnings for those that look like a slip of the pen.</summary>
internal static class RequestedMetadata
{
    private static readonly string[] s_ofBaseModel =
        ["MergedModelName", "TargetPath", "Version", "DType", "Format", "Combine", "Density", "MajoritySign", "SvdRank", "MaxShardSize", "Sha256"];

    private static readonly string[] s_ofAdapter =
        ["BaseModel", "MergedModelName", "Weight", "Version", "BaseModelVersion", "ExpertLayout", "AdapterVersion", "Sha256"];

    /// <param name="itemType">LoraBaseModel or LoraAdapter.</param>
    public static IReadOnlyList<string> Of(string itemType) => itemType == MergeLoraAdapters.AdapterItem ? s_ofAdapter : s_ofBaseModel;

    public static void Check(ITaskItem item, string itemType, FaultLog faults)
    {
        string otherType = itemType == MergeLoraAdapters.AdapterItem ? MergeLoraAdapters.BaseModelItem : MergeLoraAdapters.AdapterItem;
        IReadOnlyList<string> own = Of(itemType);
        foreach (string name in item.CloneCustomMetadata().Keys)
        {
            if (own.Contains(name, StringComparer.OrdinalIgnoreCase))
                continue;
            if (Of(otherType).Contains(name, StringComparer.OrdinalIgnoreCase))
                faults.Warning(item, BuildErrors.MetadataOfOtherItem(itemType, name, otherType));
            else if (own.FirstOrDefault(known => Distance(known, name) <= 2) is { } meant)
                faults.Warning(item, BuildErrors.MetadataResembles(itemType, name, meant));
        }
    }

    /// <summary>Levenshtein's distance, letter case ignored.</summary>
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int change = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(diagonal + change, Math.Min(row[j], row[j - 1]) + 1));
            }
        }
        return row[right.Length];
    }
}
