using System.Collections.Frozen;
using System.Text.RegularExpressions;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Holds the name of the model that an adapter was trained on against the names of the base, as far as both tell.</summary>
/// <remarks>Most names tell nothing: they are paths of the trainer's machine. Two are compared only where the one is the other with other words for how a
/// model was trained on.</remarks>
internal static partial class TrainedBase
{
    /// <summary>Words by which the tuned and the untuned model of one name differ.</summary>
    private static readonly FrozenSet<string> Variants = FrozenSet.ToFrozenSet(
        ["instruct", "chat", "it", "base", "pt", "thinking", "reasoning", "coder", "math", "reward", "dpo", "sft", "rlhf"], StringComparer.Ordinal);

    /// <summary>Words that name the form of the files, or who published them.</summary>
    private static readonly FrozenSet<string> Meaningless = FrozenSet.ToFrozenSet(["hf", "meta", "ms", "safetensors"], StringComparer.Ordinal);

    /// <summary>What to say of one adapter's base.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="checkpoint">The base.</param>
    /// <param name="earlier">Names of the adapters that are merged before it.</param>
    public static IEnumerable<MergeEvent> Notes(Adapter adapter, Checkpoint checkpoint, IEnumerable<string> earlier)
    {
        if (adapter.Config.BaseModelName is not string trained)
            yield break;
        string[] names = [.. new[] { checkpoint.Name, checkpoint.Config.NameOrPath }.OfType<string>()];
        if (OfAdapter.IsMatch(LastOf(trained)) && !earlier.Concat(names.Select(LastOf)).Contains(LastOf(trained), StringComparer.OrdinalIgnoreCase))
            yield return Diagnostics.Notes.TrainedOnAdapter(trained, checkpoint.Name, adapter.Path);
        if (Reduced.Match(trained) is { Success: true } method)
        {
            if (!names.Any(name => name.Contains(method.Value, StringComparison.OrdinalIgnoreCase)))
                yield return Diagnostics.Notes.TrainedOnReducedBase(trained, method.Value, checkpoint.Name, adapter.Path);
        }
        else if (QuantizedNames.IsQuantizedName(trained) && checkpoint.Form is null)
        {
            yield return Diagnostics.Notes.AdapterTrainedOnQuantizedBase(trained, checkpoint.Name, adapter.Path);
        }
        if (OtherVariant(trained, names) is string other)
            yield return Diagnostics.Notes.TrainedOnOtherVariant(trained, other, adapter.Path);
    }

    /// <summary>The base's name, if it is the same model tuned otherwise; null where a name is the same, or none is alike.</summary>
    private static string? OtherVariant(string trained, string[] names)
    {
        (string stem, string variant) = Parts(trained);
        (string Name, string Stem, string Variant)[] alike =
            [.. names.Select(name => (name, Parts(name).Stem, Parts(name).Variant)).Where(parts => parts.Stem == stem && stem.Length > 0)];
        return Array.Exists(alike, parts => parts.Variant == variant) ? null : alike.Select(parts => parts.Name).FirstOrDefault();
    }

    /// <summary>The words of a name's last part: which model, and which variant of it.</summary>
    private static (string Stem, string Variant) Parts(string name)
    {
        ILookup<bool, string> words = (QuantizedNames.FullPrecisionName(LastOf(name)) ?? LastOf(name)).ToLowerInvariant().Split('-', '_', ' ')
            .Where(word => word.Length > 0 && !Meaningless.Contains(word)).ToLookup(Variants.Contains);
        return (string.Join('-', words[false]), string.Join('-', words[true].Order(StringComparer.Ordinal)));
    }

    private static string LastOf(string name) => name.TrimEnd('/', '\\').Split('/', '\\')[^1];

    /// <summary>Names of adapters and of saves during a training; not of what they were merged into.</summary>
    [GeneratedRegex(@"^(?!.*merge)(.*[-_.])?(q?lora|dora|adapters?|peft)([-_.].*)?$|^(final_)?checkpoint([-_]\d+)?$|^(?!.*merge)final_checkpoint$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OfAdapter { get; }

    /// <summary>Methods that take a part of the base away before training: what they saved of it is a model of its own, published under such a name.</summary>
    [GeneratedRegex("pissa|olora|corda|loftq|residual", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Reduced { get; }
}
