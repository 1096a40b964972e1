using System.Collections.Immutable;

namespace LoraMerge.Architectures.Names;

/// <summary>Brings the names of a base's files and those of an adapter together on the names of the live model.</summary>
internal sealed class NameJoin
{
    private const int LongestScope = 4;

    private readonly LiveNames _trained;
    private readonly ILookup<string, (string File, LiveName Live)> _byLive;
    private readonly ILookup<string, string> _modules;
    private readonly HashSet<string> _files;
    private readonly ImmutableArray<string> _paths;

    /// <param name="files">Names of the base's tensors.</param>
    /// <param name="model">The base.</param>
    /// <param name="trained">The adapter's module paths, each with a parameter.</param>
    /// <param name="trainedModel">The model that the adapter was trained on, as far as it tells.</param>
    public NameJoin(IEnumerable<string> files, NamedModel model, IEnumerable<string> trained, NamedModel trainedModel)
    {
        string[] names = [.. files];
        _files = new HashSet<string>(names, StringComparer.Ordinal);
        var live = new LiveNames(model, names.Select(LiveNames.WithoutWrappers));
        _trained = new LiveNames(trainedModel, trained.Select(LiveNames.WithoutWrappers));
        _byLive = names.SelectMany(name => live.Of(name).Select(one => (File: name, Live: one))).ToLookup(pair => pair.Live.Name, StringComparer.Ordinal);
        _modules = names
            .SelectMany(name => Modules(name, live.Renamed(name)))
            .Distinct()
            .ToLookup(pair => pair.Live, pair => pair.File, StringComparer.Ordinal);
        _paths =
        [
            .. _modules
                .Select(group => group.Key)
                .Where(path => path.Split('.').Length <= LongestScope && !path.Split('.').Any(IsNumber))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>All scopes that may be meant, the same model first.</summary>
    /// <param name="trained">The adapter's module paths.</param>
    public IEnumerable<NameScope> Scopes(IEnumerable<string> trained)
    {
        string[] leading =
        [
            .. trained
                .SelectMany(path => Leading(path))
                .Distinct(StringComparer.Ordinal)
                .OrderBy(path => path.Length)
                .ThenBy(path => path, StringComparer.Ordinal),
        ];
        string[] inBase = ["", .. _paths.Select(path => path + ".")];
        return from pair in leading.Prepend("").SelectMany(first => inBase.Select(second => new NameScope(first, second)))
               where (pair.Trained != pair.InBase || pair.Trained.Length == 0) && pair.IsAddition
               orderby pair.Trained.Length + pair.InBase.Length
               select pair;
    }

    /// <summary>The path in the base's files of a module of the adapter; null where no tensor lies below it, or below several such paths.</summary>
    public string? ModuleOf(string path, NameScope scope)
    {
        foreach (string live in Candidates(path + ".weight", scope).Select(name => _trained.Renamed(name)))
        {
            // The scope may take the whole path away.
            if (live.LastIndexOf('.') is > 0 and int dot && _modules[live[..dot]].ToArray() is [var only])
                return only;
        }
        return null;
    }

    /// <summary>Where a parameter of a module of the adapter lies in the base's files; none where the base has it nowhere, or not in one place.</summary>
    public ImmutableArray<TensorPlace> PlacesOf(string path, string parameter, NameScope scope)
    {
        foreach (string name in Candidates($"{path}.{parameter}", scope))
        {
            if (Join(_trained.Of(name)) is { IsEmpty: false } places)
                return places;
        }
        // Names that the table brings together with nothing, or with several: of code that transformers does not know, for which it never acts.
        string literal = $"{path}.{parameter}";
        return scope == NameScope.Same && _files.Contains(literal) ? [new TensorPlace(literal, RowShare.Whole, RowShare.Whole)] : [];
    }

    private ImmutableArray<TensorPlace> Join(ImmutableArray<LiveName> trained)
    {
        ImmutableArray<TensorPlace>.Builder places = ImmutableArray.CreateBuilder<TensorPlace>();
        foreach (LiveName name in trained)
        {
            TensorPlace[] found = [.. _byLive[name.Name].Select(hit => Meet(name, hit.File, hit.Live)).OfType<TensorPlace>()];
            // Two tensors that are the same live one are no place; tensors that it consists of are all of them its places.
            if (found.Length == 0 || (found.Length > 1 && found.Any(place => place.OfTrained.IsWhole)))
                return [];
            places.AddRange(found);
        }
        // A tensor that both sides hold fused in the same way is one tensor.
        return places.Count > 1 && places.All(place => place.Tensor == places[0].Tensor && place.OfFile == place.OfTrained)
            ? [new TensorPlace(places[0].Tensor, RowShare.Whole, RowShare.Whole)]
            : places.ToImmutable();
    }

    /// <summary>Two tensors that have a live one in common.</summary>
    private static TensorPlace? Meet(LiveName trained, string file, LiveName inFile) => (trained.OfLive.IsWhole, inFile.OfLive.IsWhole) switch
    {
        (true, true) => new TensorPlace(file, inFile.OfFile, trained.OfFile),
        (true, false) => new TensorPlace(file, RowShare.Whole, inFile.OfLive),
        (false, true) => new TensorPlace(file, trained.OfLive, RowShare.Whole),
        _ => trained.OfLive == inFile.OfLive ? new TensorPlace(file, RowShare.Whole, RowShare.Whole) : null,
    };

    /// <summary>A name as the scope takes it; what lies outside of it, such as a head beside the bare model, as it is.</summary>
    private static IEnumerable<string> Candidates(string name, NameScope scope) =>
        scope.Apply(name) is string scoped ? (scope.Trained.Length == 0 && scope.InBase.Length > 0 ? [scoped, name] : [scoped]) : [name];

    /// <summary>Paths of the modules that hold a tensor, as far up as file and live model agree below them.</summary>
    private static IEnumerable<(string Live, string File)> Modules(string file, string live)
    {
        string[] ofFile = file.Split('.'), ofLive = live.Split('.');
        for (int i = 1; i < ofFile.Length && i < ofLive.Length && ofFile[^i] == ofLive[^i]; i++)
            yield return (string.Join('.', ofLive[..^i]), string.Join('.', ofFile[..^i]));
    }

    private static IEnumerable<string> Leading(string path)
    {
        string[] parts = path.Split('.');
        for (int i = 1; i < parts.Length && i <= LongestScope && (i == 1 || !IsNumber(parts[i - 1])); i++)
            yield return string.Join('.', parts[..i]) + ".";
    }

    private static bool IsNumber(string part) => part.Length > 0 && part.All(char.IsAsciiDigit);
}
