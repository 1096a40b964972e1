using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>An adapter whose tensors lie among those of the base, not merged into them: a dump of a model while it was trained.</summary>
internal static class LooseAdapter
{
    /// <summary>A warning where the base holds such tensors; null where it does not, or its config.json speaks of LoRA: then its own code applies them (Phi-4
    /// multimodal, Jina).</summary>
    public static MergeEvent.Warning? In(Checkpoint checkpoint)
    {
        var known = new Dictionary<string, bool>(StringComparer.Ordinal);
        string[] loose = [.. checkpoint.TensorNames.Where(name => name.Split('.').Any(IsLeaf)).Order(StringComparer.Ordinal)];
        return loose.Length == 0 || checkpoint.Config.Json.Any(field => field.Key.Contains("lora", StringComparison.OrdinalIgnoreCase))
            ? null
            : Notes.BaseHoldsLooseAdapter(loose, checkpoint.Path);

        // Parts of names are few.
        bool IsLeaf(string part)
        {
            if (!known.TryGetValue(part, out bool isLeaf))
                known[part] = isLeaf = AdapterKinds.IsLeafOfSomeKind(part);
            return isLeaf;
        }
    }
}
