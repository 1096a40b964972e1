using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Finds the rule that takes all module paths of an adapter to tensors of the base.</summary>
internal static class ModuleNames
{
    /// <summary>The first rule under which every trained module has its tensor in the base, no two the same.</summary>
    /// <exception cref="LoraMergeException">LORA4001: no rule fits, and modules that the base does not have are an error.</exception>
    public static ModuleNameRule Resolve(Adapter adapter, Checkpoint checkpoint, bool acceptsUnmatched)
    {
        string[] needed =
        [
            .. adapter.Modules.Select(module => module.Path),
            .. adapter.Rows.Select(rows => rows.Module),
        ];
        ModuleNameRule? best = null;
        int bestCount = -1;
        foreach (ModuleNameRule rule in ModuleNameRule.All)
        {
            string[] names = [.. needed.Select(rule.Apply)];
            int found = names.Distinct(StringComparer.Ordinal).Count(name => checkpoint.TryFind(name + ".weight", out _));
            // Whole parameters only break ties: heads may be new to the base.
            int saved = adapter.Parameters.Count(p => checkpoint.TryFind($"{rule.Apply(p.Module)}.{p.Parameter}", out _));
            int count = found * (adapter.Parameters.Length + 1) + saved;
            if (count > bestCount)
                (best, bestCount) = (rule, count);
        }
        string[] missing = [.. needed.Where(module => !checkpoint.TryFind(best!.Apply(module) + ".weight", out _))];
        if (missing.Length > 0 && !acceptsUnmatched)
            throw MissingError(missing, needed.Length, adapter, checkpoint);
        return best!;
    }

    /// <summary>An output head that the files leave out is tied to the embedding; anything else means another base.</summary>
    private static LoraMergeException MissingError(string[] missing, int count, Adapter adapter, Checkpoint checkpoint)
    {
        if (missing is [var head] && head.Split('.')[^1] is "lm_head" or "embed_out" or "proj_out")
            return Errors.TiedWeightsNotYetSupported(head, adapter.Path, checkpoint.Path);
        return Errors.ModuleNotInBase(missing, count, adapter, checkpoint);
    }
}
