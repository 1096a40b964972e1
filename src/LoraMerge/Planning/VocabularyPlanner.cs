using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Beside;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Decides whether embedding and head stay one tensor, and what config.json says of them afterwards.</summary>
internal static class VocabularyPlanner
{
    private const string TieField = "tie_word_embeddings";
    private const string SizeField = "vocab_size";

    /// <summary>How transformers 5 writes down that the decoder's output is scaled, beside the tie that meant it before.</summary>
    private const string ScaleField = "scale_decoder_outputs";

    /// <summary>Whether some adapter changes one end of a tied pair alone, or both ends independently.</summary>
    /// <exception cref="LoraMergeException">LORA4008, 4026: they would part in a model that cannot say so.</exception>
    public static Vocabulary Part(Vocabulary vocabulary, IEnumerable<(Adapter Adapter, ModuleNames Names)> adapters, Checkpoint checkpoint)
    {
        if (!vocabulary.IsTied)
            return vocabulary;
        bool isParted = false;
        foreach ((Adapter adapter, ModuleNames names) in adapters)
        {
            foreach (string module in EndsChangedAlone(vocabulary, adapter, names, checkpoint))
            {
                if (VocabularyNames.ScalesWhereTied(FamilyOf(vocabulary, checkpoint)))
                {
                    if (module != vocabulary.Head || HeadScale(checkpoint.Config) is null)
                        throw Errors.TiedWeightsCannotPart(module, adapter.Path, checkpoint.Path, FamilyOf(vocabulary, checkpoint)!);
                }
                else if (vocabulary.StoredMembers is [var only] && !only.Contains('.', StringComparison.Ordinal))
                {
                    throw Errors.HeadlessBaseCannotPart(module, adapter.Path, checkpoint.Path, vocabulary.Head ?? "lm_head");
                }
                isParted = true;
            }
        }
        return vocabulary with { IsParted = isParted };
    }

    /// <summary>
    /// How far a change by this adapter goes: where it says that the ends stay tied, to all of them. A shared embedding has no input of its own.
    /// </summary>
    public static VocabularyChange ChangeOf(string module, Adapter adapter) =>
        adapter.KeepsTies || module.Split('.')[^1] == "shared" ? VocabularyChange.AllEnds : VocabularyChange.OneEnd;

    /// <summary>Whether rows of the head were trained apart from the embedding's, which it follows otherwise: a head that follows is not in the file.</summary>
    public static bool HasRowsOfHead(Vocabulary vocabulary, Adapter adapter, ModuleNames names) =>
        vocabulary.IsTied && !adapter.KeepsTies && adapter.Rows.Any(rows => names.Apply(rows.Module) == vocabulary.Head);

    /// <summary>Gives every end a tensor of its own, which starts from the shared one.</summary>
    public static void AddParted(PlanDraft draft)
    {
        if (!draft.Vocabulary.IsParted)
            return;
        draft.Checkpoint.TryFind(draft.Vocabulary.Embedding + ".weight", out TensorSource? shared);
        foreach (string member in draft.Vocabulary.Members.Where(member => !draft.Checkpoint.TryFind(member + ".weight", out _)))
            draft.AddNew(member + ".weight", shared!, shared!.DType);
    }

    /// <summary>Has copies of the shared tensor that the base's files hold looked at, where ends part that start from them: they have to be equal.</summary>
    public static void HoldCopies(PlanDraft draft, Adapter adapter)
    {
        Vocabulary vocabulary = draft.Vocabulary;
        if (!vocabulary.IsParted || !draft.Checkpoint.TryFind(vocabulary.Embedding + ".weight", out TensorSource? embedding)
            || embedding is not StoredTensor shared)
            return;
        foreach (string name in vocabulary.StoredMembers.Where(member => member != vocabulary.Embedding).Select(member => member + ".weight"))
        {
            if (draft.Target(name, adapter) is { ReplacedBy: null } copy && copy.Source.Shape.AsSpan().SequenceEqual(shared.Shape.AsSpan()))
                copy.Add(new SameAsChange(0, name, shared) { IsOfTie = true });
        }
    }

    /// <summary>
    /// T5 and its kin multiply the decoder's output by d_model^-½ while the ends are tied, and no longer once they part: the head takes the factor over.
    /// </summary>
    public static void ScaleHead(PlanDraft draft)
    {
        if (!draft.Vocabulary.IsParted || !VocabularyNames.ScalesWhereTied(FamilyOf(draft.Vocabulary, draft.Checkpoint)))
            return;
        TargetTensor head = draft.Find(draft.Vocabulary.Head + ".weight")!;
        head.Add(new ScaledChange(head.FirstChangedBy ?? 0, draft.Vocabulary.Head!, HeadScale(draft.Checkpoint.Config)!.Value));
    }

    private static string? FamilyOf(Vocabulary vocabulary, Checkpoint checkpoint) => checkpoint.Config.PartOf(vocabulary.Embedding ?? "").ModelType;

    private static double? HeadScale(ModelConfig config) => config.Number("d_model") is > 0 and double width ? 1 / Math.Sqrt(width) : null;

    /// <summary>The tie and the number of tokens, where they change.</summary>
    /// <exception cref="LoraMergeException">LORA4020: the vocabulary was resized in one place and not in another.</exception>
    public static IEnumerable<ConfigChange> ConfigChanges(PlanDraft draft)
    {
        ModelConfig config = draft.Checkpoint.Config;
        if (config.File is null)
            yield break;
        ConfigPart part = config.PartOf(draft.Vocabulary.Embedding ?? "");
        if (draft.Vocabulary.IsParted)
        {
            // transformers 4 asks the part that reads text, and 5 the whole model, too.
            foreach (string section in part.Sections)
                yield return new ConfigChange(TieField, JsonValue.Create(false), section);
            foreach (string section in part.SectionsWith(ScaleField))
                yield return new ConfigChange(ScaleField, JsonValue.Create(false), section);
        }
        if (ResizedTo(draft) is long size)
        {
            string[] stated = [.. part.SectionsWith(SizeField)];
            foreach (string section in stated.Length == 0 ? [part.Sections.Last()] : stated)
                yield return new ConfigChange(SizeField, JsonValue.Create(size), section);
        }
    }

    /// <summary>Warns of tokens that the tokenizer has and the embedding has no rows for.</summary>
    public static void WarnOfTokensBeyond(PlanDraft draft, ImmutableArray<SideFile> sideFiles)
    {
        if (draft.Vocabulary.Embedding is not string embedding || TokenNumbers.Largest(sideFiles) is not (long id, Adapter adapter))
            return;
        string name = embedding + ".weight";
        if (draft.SourceOf(name) is TensorSource rows && id >= rows.RowCount)
            draft.Notes.Add(Notes.TokenizerBeyondVocabulary(id, name, rows.RowCount, adapter.Path));
    }

    private static long? ResizedTo(PlanDraft draft)
    {
        ImmutableArray<TargetTensor> resized =
        [
            .. draft.Vocabulary.Members.Select(member => draft.Find(member + ".weight")).OfType<TargetTensor>()
                .Where(target => target.ReplacedBy is not null && IsResized(draft, target)),
        ];
        if (resized.IsEmpty)
            return null;
        long size = resized[0].Source.RowCount;
        foreach (
            string name in draft.Vocabulary.Members.Select(member => member + ".weight").Concat(draft.Vocabulary.Head is string head ? [head + ".bias"] : [])
        )
        {
            if (draft.SourceOf(name) is TensorSource tensor && tensor.RowCount != size)
                throw Errors.VocabularySizesDiffer(resized[0].Source, tensor);
        }
        return size;
    }

    private static bool IsResized(PlanDraft draft, TargetTensor target) =>
        draft.Checkpoint.TryFind(target.IsNew ? draft.Vocabulary.Embedding + ".weight" : target.Name, out TensorSource? stored)
            && stored.RowCount != target.Source.RowCount;

    private static string[] EndsChangedAlone(Vocabulary vocabulary, Adapter adapter, ModuleNames names, Checkpoint checkpoint)
    {
        if (adapter.KeepsTies)
            return [];
        SavedParameter[] saved =
        [
            .. adapter.Parameters.Where(saved => !saved.IsBaseLayer && saved.Parameter == "weight" && IsModuleToSave(saved.Module, adapter.Config)),
        ];
        string[] ends =
        [
            .. adapter.Modules.Select(module => module.Path).Concat(saved.Select(parameter => parameter.Module)).Select(names.Apply)
                .Where(path => vocabulary.IsMember(path) && ChangeOf(path, adapter) == VocabularyChange.OneEnd)
                .Concat(HasRowsOfHead(vocabulary, adapter, names) ? [vocabulary.Head!] : []).Distinct(),
        ];
        // Of a resized vocabulary the other ends have no rows but these, unless the adapter brings them too: they stay one.
        return ends is [string only]
            && saved.Any(parameter => names.Apply(parameter.Module) == only && IsResized(parameter, vocabulary, checkpoint)) ? [] : ends;
    }

    private static bool IsResized(SavedParameter saved, Vocabulary vocabulary, Checkpoint checkpoint) =>
        checkpoint.TryFind(vocabulary.Embedding + ".weight", out TensorSource? stored) && stored.RowCount != saved.Tensor.RowCount;

    /// <summary>A saved embedding that the config does not name comes from a resized vocabulary, which keeps the tie.</summary>
    private static bool IsModuleToSave(string module, AdapterConfig config) =>
        config.ModulesToSave.Any(entry => entry.Length > 0 && module.EndsWith(entry, StringComparison.Ordinal));
}
