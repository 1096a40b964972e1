using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Architectures.Names;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Chooses the one reading of an adapter's names by which all of its modules have their places in the base.</summary>
/// <remarks>Names of the same model win outright. Else a model within the other is looked for, by names and by shapes; where two fit as well, what the adapter
/// says of its model decides, or nothing does.</remarks>
internal sealed class NameChoice
{
    /// <summary>Modules by which readings are compared that do not fit: all have blocks alike.</summary>
    private const int SampleSize = 64;

    /// <summary>Tensors of the blocks that a module lies in, by which a kin is known.</summary>
    private const int MostKinFiles = 256;

    private readonly Adapter _adapter;
    private readonly Checkpoint _checkpoint;
    private readonly Vocabulary _vocabulary;
    private readonly Placement _placement;
    private readonly ImmutableArray<string> _needed;

    private NameChoice(PlannedAdapter asked, Checkpoint checkpoint, Vocabulary vocabulary)
    {
        _adapter = asked.Adapter;
        _checkpoint = checkpoint;
        _vocabulary = vocabulary;
        _placement = new Placement(asked, checkpoint, vocabulary);
        _needed = _placement.Needed;
    }

    /// <exception cref="LoraMergeException">LORA4001: no reading fits, and modules that the base does not have are an error. LORA4060: several do.</exception>
    public static ModuleNames Of(PlannedAdapter asked, Checkpoint checkpoint, Vocabulary vocabulary, bool acceptsUnmatched) =>
        new NameChoice(asked, checkpoint, vocabulary).Choose(acceptsUnmatched);

    private ModuleNames Choose(bool acceptsUnmatched)
    {
        if (_vocabulary.IsTied && _needed.FirstOrDefault(module => module.EndsWith(".unembed_tokens", StringComparison.Ordinal)) is string head)
            throw Errors.TinkerHeadTied(head, _adapter.Path, _checkpoint.Path);
        NamedModel own = NamedModel.Of(_checkpoint.Config.Json);
        NamedModel[] models = _adapter.Config.TrainedClass is string trained ? [own, NamedModel.Of(_checkpoint.Config.Json, trained)] : [own];
        NameJoin[] joins = [.. models.Select(model => Join(own, model))];
        if (_needed.IsEmpty)
            return BestForSaved([.. joins.SelectMany(Readings)], own);
        if (joins.Select(join => new ModuleNames(join, NameScope.Same, _checkpoint)).FirstOrDefault(names => _placement.IsWhole(names)) is ModuleNames same)
            return same;
        if (ChooseAmong([.. joins.SelectMany(Readings).Where(_placement.IsWhole)]) is ModuleNames fitting)
            return fitting;
        if (ChooseAmong([.. Kin(own, _needed[0]).Where(_placement.IsWhole)]) is ModuleNames kin)
            return kin;
        ModuleNames[] best = BestOf([.. joins.SelectMany(Readings)]);
        return acceptsUnmatched ? OnlyOne(best, _needed) : throw NotInBase(best[0]);
    }

    /// <summary>Where some modules have no place by any reading: those that find the most, or the one of the same model among them.</summary>
    private ModuleNames[] BestOf(ImmutableArray<ModuleNames> readings)
    {
        string[] sample = [.. _needed.Take(SampleSize)];
        ModuleNames[] most = [.. readings.GroupBy(names => (_placement.CountFound(names, sample), _placement.CountSaved(names))).MaxBy(group => group.Key)!];
        return Array.Find(most, names => names.IsOfSameModel) is ModuleNames same ? [same] : most;
    }

    /// <exception cref="LoraMergeException">LORA4060: they place some module in several places.</exception>
    private ModuleNames OnlyOne(IEnumerable<ModuleNames> readings, IEnumerable<string> modules)
    {
        foreach (string module in modules)
        {
            string[] places = [.. readings.Select(names => _placement.PlaceOf(names, module)).OfType<string>().Distinct(StringComparer.Ordinal)];
            if (places.Length > 1)
                throw Errors.ModulePlaceAmbiguous(_adapter, module, places);
        }
        return readings.First();
    }

    /// <summary>For an adapter that holds nothing but whole parameters.</summary>
    private ModuleNames BestForSaved(ImmutableArray<ModuleNames> readings, NamedModel own)
    {
        ImmutableArray<ModuleNames> most = [.. readings.GroupBy(_placement.CountSaved).MaxBy(group => group.Key)!];
        int count = _placement.CountSaved(most[0]);
        if (count < _adapter.Parameters.Length
            && Kin(own, _adapter.Parameters[0].Module).MaxBy(_placement.CountSaved) is ModuleNames kin && _placement.CountSaved(kin) > count)
            return kin;
        return count == 0 || most[0].IsOfSameModel ? most[0] : OnlyOne(most, _adapter.Parameters.Select(saved => saved.Module));
    }

    /// <summary>Readings of a model of which the table knows neither class nor type, as if it were one that it knows; those alone that find one
    /// module.</summary>
    private IEnumerable<ModuleNames> Kin(NamedModel own, string module)
    {
        if (NameTable.Transformers.Knows(own.Classes, own.ModelType))
            return [];
        string numbers = Numbers(module);
        string[] files = [.. _checkpoint.TensorNames.Where(name => Numbers(name).StartsWith(numbers, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Take(MostKinFiles)];
        return NameTable.Transformers.Examples
            .Where(model => _placement.PlaceOf(
                new ModuleNames(new NameJoin(files, model, [module + ".weight"], model), NameScope.Same, _checkpoint) { IsKin = true }, module) is not null)
            .Select(model => new ModuleNames(Join(model, model), NameScope.Same, _checkpoint) { IsKin = true });
    }

    /// <summary>The numbers of blocks and experts in a path: <c>0.3.</c></summary>
    private static string Numbers(string path) =>
        string.Concat(path.Split('.').Where(part => part.Length > 0 && part.All(char.IsAsciiDigit)).Select(part => part + "."));

    private NameJoin Join(NamedModel model, NamedModel trainedModel)
    {
        // An embedding's twin that the files leave out has its place all the same.
        IEnumerable<string> files = _checkpoint.TensorNames.Concat(_vocabulary.IsTied ? _vocabulary.Members.Select(member => member + ".weight") : [])
            .Distinct(StringComparer.Ordinal);
        IEnumerable<string> trained = _needed.Select(path => path + ".weight").Concat(_adapter.Parameters.Select(saved => $"{saved.Module}.{saved.Parameter}"));
        return new NameJoin(files, model, trained, trainedModel);
    }

    private IEnumerable<ModuleNames> Readings(NameJoin join) =>
        join.Scopes(_needed.IsEmpty ? _adapter.Parameters.Select(saved => saved.Module) : _needed).Select(scope => new ModuleNames(join, scope, _checkpoint));

    /// <summary>The only one of these readings by which everything fits; where none does by shapes, the first: its error tells.</summary>
    private ModuleNames? ChooseAmong(ImmutableArray<ModuleNames> whole)
    {
        ModuleNames[] fitting = [.. whole.Where(_placement.Fits)];
        if (fitting.Length == 0)
            return whole.FirstOrDefault();
        fitting = [.. fitting.GroupBy(_placement.CountSaved).MaxBy(group => group.Key)!];
        if (fitting.Length > 1 && TrainedPart is { } isTrained
            && fitting.Where(names => _needed.All(module => isTrained(names.Apply(module)))).ToArray() is { Length: > 0 } kept)
            fitting = kept;
        return OnlyOne(fitting, _needed);
    }

    /// <summary>Whether a path lies in the part of the base that the adapter says it was trained on; null where it says nothing.</summary>
    private Func<string, bool>? TrainedPart
    {
        get
        {
            if (_adapter.Config.TrainedClass is string trained)
            {
                string? type = NameTable.Transformers.TypeOfClass(trained);
                return path => _checkpoint.Config.PartOf(path).ModelType is string part && (part == type || IsClassOf(trained, part));
            }
            // Only a model of language has such a head; a base with one has one such part.
            if (_adapter.Config.TaskType != "CAUSAL_LM" || !_checkpoint.Config.Architectures.Any(VocabularyNames.HasHead))
                return null;
            string text = _checkpoint.Config.TextPart.Sections.Last();
            return path => _checkpoint.Config.PartOf(path).Sections.Last() == text;
        }
    }

    /// <summary><c>SiglipVisionModel</c> of <c>siglip_vision_model</c>.</summary>
    private static bool IsClassOf(string name, string modelType) =>
        name.StartsWith(modelType.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

    private LoraMergeException NotInBase(ModuleNames names)
    {
        ImmutableArray<string> missing = _placement.Missing(names);
        return Errors.ModuleNotInBase(missing, _needed.Length, NearestModule.Hint(names.Apply(missing[0]), missing[0], _checkpoint), _adapter, _checkpoint);
    }
}
