using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LoraMerge.Architectures.Names;

/// <summary>How transformers names what it loads, family by family: data of one file, which a newer one replaces. docs/names.md.</summary>
internal sealed class NameTable
{
    private const string ResourceName = "LoraMerge.Architectures.Names.transformers-names.json";

    /// <summary>Renames that hold for every model.</summary>
    private const string EveryModel = "legacy";

    private readonly ImmutableArray<NameFamily> _families;

    private NameTable(ImmutableArray<NameFamily> families) => _families = families;

    /// <summary>The table of this release.</summary>
    public static NameTable Transformers => Loaded.Value;

    private static Lazy<NameTable> Loaded { get; } = new(Load);

    /// <summary>What holds for every model.</summary>
    public NameFamily Legacy => _families.First(family => family.Name == EveryModel);

    /// <summary>The family of a model: by its class first, then by its type; last that of the class with a head, for one that is derived from it or not
    /// named.</summary>
    public NameFamily? Of(IEnumerable<string> classes, string? modelType) =>
        classes.Select(name => _families.FirstOrDefault(family => family.Classes.ContainsKey(name))).FirstOrDefault(family => family is not null)
        ?? OfType(modelType)
        ?? (modelType is null ? null
            : _families.FirstOrDefault(family => family.Classes.Any(pair => pair.Value == modelType && !pair.Key.EndsWith("Model", StringComparison.Ordinal))));

    /// <summary>
    /// The family of the bare model within one with a head, or of a model within a composite one: its class is known by the type of its configuration alone.
    /// </summary>
    public NameFamily? OfInner(string? modelType) =>
        modelType is null
            ? null
            : _families.FirstOrDefault(family => family.Classes.Any(pair => pair.Value == modelType && pair.Key.EndsWith("Model", StringComparison.Ordinal)));

    /// <summary>The family of a type.</summary>
    public NameFamily? OfType(string? modelType) => modelType is null ? null : _families.FirstOrDefault(family => family.ModelTypes.Contains(modelType));

    /// <summary>Whether there is a row for a class or type.</summary>
    public bool Knows(IEnumerable<string> classes, string? modelType) => Of(classes, modelType) is not null || OfInner(modelType) is not null;

    /// <summary>A model of each row.</summary>
    public IEnumerable<NamedModel> Examples =>
        from family in _families
        where family.Name != EveryModel
        let names = family.Classes.Keys.Order(StringComparer.Ordinal).Take(1)
        select new NamedModel([.. names], family.ModelTypes.Order(StringComparer.Ordinal).FirstOrDefault(), []);

    /// <summary>The type of the configuration of a class; null where the table does not know it.</summary>
    public string? TypeOfClass(string name) => _families.Select(family => family.Classes.GetValueOrDefault(name)).FirstOrDefault(type => type is not null);

    private static NameTable Load()
    {
        using Stream stream = typeof(NameTable).Assembly.GetManifestResourceStream(ResourceName)!;
        return new NameTable([.. JsonNode.Parse(stream)!["families"]!.AsArray().Select(family => Read(family!.AsObject()))]);
    }

    private static NameFamily Read(JsonObject json)
    {
        JsonObject keys = json["keys"]!.AsObject();
        return new NameFamily(
            json["family"]!.GetValue<string>(),
            keys["model_type"]!.AsArray().Select(type => type!.GetValue<string>()).ToFrozenSet(StringComparer.Ordinal),
            keys["class"]!.AsObject().ToFrozenDictionary(pair => pair.Key, pair => pair.Value?.GetValue<string>(), StringComparer.Ordinal),
            [.. Objects(json, "renames").Select(ReadRename).Concat(Objects(json, "prefix_changes").Select(ReadPrefix)).OrderBy(step => step.Order)],
            [.. Objects(json, "converters").OrderBy(converter => converter["step"]!.GetValue<int>()).Select(ReadConverter).OfType<NameConverter>()]);
    }

    private static NameStep ReadRename(JsonObject json)
    {
        int step = json["step"]!.GetValue<int>();
        return json.ContainsKey("together")
            ? new NameStep.Together(step, [.. Objects(json, "together").Select(rename => Rename(step, rename))])
            : Rename(step, json);
    }

    private static NameStep.Rename Rename(int step, JsonObject json) =>
        new(step, Expression(json["checkpoint"]!.GetValue<string>()), json["live"]!.GetValue<string>());

    private static NameStep ReadPrefix(JsonObject json)
    {
        (int step, string prefix, string under) = (json["step"]!.GetValue<int>(), json["prefix"]!.GetValue<string>(), json["under"]!.GetValue<string>());
        return json["change"]!.GetValue<string>() == "add" ? new NameStep.AddPrefix(step, prefix, under) : new NameStep.RemovePrefix(step, prefix, under);
    }

    /// <summary>Null for experts, whose forms are found by their shapes.</summary>
    private static NameConverter? ReadConverter(JsonObject json)
    {
        RowOrder? order = json["lora"]!.GetValue<string>() switch
        {
            "file-is-fused" or "live-is-fused" or "transposed" => RowOrder.Blocks,
            "file-is-fused-row-by-row" => RowOrder.Interleaved,
            "file-is-fused-and-permuted" or "rows-reordered" => RowOrder.Permuted,
            _ => null,
        };
        ImmutableArray<string> files = [.. json["checkpoint"]!.AsArray().Select(text => text!.GetValue<string>())];
        // Experts one by one, and other lists whose length the configuration tells, are found by their shapes.
        bool isList = files.Any(text => text.Contains("*.", StringComparison.Ordinal) || text.Contains("experts", StringComparison.Ordinal));
        return order is null || isList ? null
            : new NameConverter([.. files.Select(Expression)], [.. json["live"]!.AsArray().Select(text => text!.GetValue<string>())], order.Value);
    }

    private static Regex Expression(string text) => new(text, RegexOptions.CultureInvariant);

    private static IEnumerable<JsonObject> Objects(JsonObject json, string name) => json[name]?.AsArray().Select(item => item!.AsObject()) ?? [];
}
