using System.Globalization;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>What decides the merged model besides the contents of its inputs. The task and the worker make it from the same words.</summary>
internal sealed record ModelOptions
{
    /// <summary>The merged model's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>As <see cref="NameOf"/> gives it for the base.</summary>
    public string BaseName { get; init; } = "";

    /// <summary>As <see cref="FetchedInput.Origin"/> gives it for a base that was fetched; the manifest of the merged model names it.</summary>
    public string? BaseOrigin { get; init; }

    /// <summary>Those of the base and of the project.</summary>
    public OptionValues Values { get; init; } = OptionValues.None;

    /// <summary>In the order in which they are applied.</summary>
    public IReadOnlyList<AdapterOptions> Adapters { get; init; } = [];

    /// <summary>The name of a folder, or of a weight file without its extension and, of a GGUF model in several files, without its number.</summary>
    public static string NameOf(string path, bool isFile)
    {
        string trimmed = path.TrimEnd('/', '\\');
        string name = Path.GetFileName(trimmed);
        return !isFile ? name : GgufNames.IsOne(name) ? GgufNames.ModelOf(name) : Path.GetFileNameWithoutExtension(name);
    }

    /// <summary>One line per option, the same for the same options on every machine.</summary>
    public IEnumerable<string> ToLines() =>
    [
        "name " + Name,
        "base " + BaseName,
        .. OriginLine(BaseOrigin),
        .. LinesOf(Values, option => option.Owner != OptionOwner.Adapter),
        .. Adapters.SelectMany(adapter => LinesOf(adapter.Values, option => option.Owner == OptionOwner.Adapter)
            .Prepend("adapter " + adapter.Name).Concat(OriginLine(adapter.Origin))),
    ];

    private static IEnumerable<string> OriginLine(string? origin) => origin is null ? [] : ["origin " + origin];

    private static IEnumerable<string> LinesOf(OptionValues values, Func<MergeOption, bool> isMeant) =>
        OptionTable.All.Where(option => option.Key is not null && isMeant(option)).Select(option => $"{option.Key} {values[option]}");
}

/// <param name="Name">As <see cref="ModelOptions.NameOf"/> gives it for the adapter.</param>
/// <param name="Values">The adapter's own.</param>
internal sealed record AdapterOptions(string Name, OptionValues Values)
{
    public AdapterOptions(string name)
        : this(name, OptionValues.None)
    {
    }

    /// <summary>As <see cref="FetchedInput.Origin"/> gives it for an adapter that was fetched.</summary>
    public string? Origin { get; init; }

    /// <summary>Factor on the adapter's change.</summary>
    public double Weight => double.Parse(Values[OptionTable.Weight]!, CultureInfo.InvariantCulture);
}
