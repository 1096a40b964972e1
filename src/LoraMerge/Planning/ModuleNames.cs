using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Finds the rule that takes all module paths of an adapter to tensors of the base.</summary>
internal static class ModuleNames
{
    /// <summary>The first rule under which every adapted module has its place in the base, no two the same.</summary>
    /// <exception cref="LoraMergeException">LORA4001: no rule fits, and modules that the base does not have are an error.</exception>
    public static ModuleNameRule Resolve(Adapter adapter, Checkpoint checkpoint, Vocabulary vocabulary, bool acceptsUnmatched)
    {
        string[] needed =
        [
            .. adapter.Modules.Select(module => module.Path)
                .Concat(adapter.Rows.Select(rows => rows.Module)).Distinct(StringComparer.Ordinal),
        ];
        (ModuleNameRule best, int bestFound, _) = ModuleNameRule.All
            .Select(rule => (Rule: rule, Found: CountFound(needed.Select(rule.Apply)), Saved: CountSaved(rule)))
            // Whole parameters only break ties: heads may be new to the base.
            .OrderByDescending(candidate => candidate.Found).ThenByDescending(candidate => candidate.Saved).First();
        if (bestFound < needed.Length && !acceptsUnmatched)
            throw Errors.ModuleNotInBase([.. needed.Except(needed.Where(module => HasPlace(best.Apply(module))).DistinctBy(best.Apply))], needed.Length, adapter, checkpoint);
        return best;

        // Two modules in one place would both change it: such a rule finds one of them.
        int CountFound(IEnumerable<string> paths) => paths.Distinct(StringComparer.Ordinal).Count(HasPlace);

        int CountSaved(ModuleNameRule rule) => adapter.Parameters.Count(p => rule.Apply(p.Module) is var path
            && (checkpoint.TryFind($"{path}.{p.Parameter}", out _) || vocabulary.IsMember(path) || FusedPart.Holder(path, checkpoint) is not null
                || ExpertTensors.Find(path, p.Parameter, checkpoint) is not null || ProjectionNames.OtherNameOf(path, checkpoint) is not null));

        // A pair for a head that the library's models do not have was trained on another base.
        bool HasPlace(string path) => !(vocabulary.IsTied && path == vocabulary.Head && !adapter.Dialect.HasHeadWhereTied) && IsInBase(path);

        bool IsInBase(string path) =>
            checkpoint.TryFind(path + ".weight", out _)
            || (vocabulary.IsTied && vocabulary.IsMember(path))
            || checkpoint.TryFind(path + ".in_proj_weight", out _)
            || ExpertTensors.Exist(path, checkpoint)
            || ProjectionNames.OtherNameOf(path, checkpoint) is not null
            || FusedPart.Holder(path, checkpoint) is not null;
    }
}
