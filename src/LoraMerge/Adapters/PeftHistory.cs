using System.Collections.Immutable;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>What changed in PEFT when: by which fields a file is dated, and which rules hold for which releases. docs/adapters.md explains each.</summary>
/// <remarks>PEFT writes every field of its configuration class, so the newest field that a file has names the first release that can have written it, and the first that it lacks the release before which it was written.</remarks>
internal static partial class PeftHistory
{
    /// <summary>0.6 to 0.13: one pattern key, the first that matches among rank keys and then alpha keys, gives a module both its rank and its alpha.</summary>
    public static VersionRange JointPatternLookup { get; } = VersionRange.Parse("(,0.14.0)");

    /// <summary>0.14: ranks and alphas are looked up apart, keys are matched without brackets around them.</summary>
    public static VersionRange UnbracketedPatternLookup { get; } = VersionRange.Parse("[0.14.0,0.15.0)");

    /// <summary>Since 0.15: a key is matched as a whole, at the start of a path or after a dot.</summary>
    public static VersionRange BracketedPatternLookup { get; } = VersionRange.Parse("[0.15.0,)");

    /// <summary>0.7 to 0.20: with <c>bias: lora_only</c> the trained biases were not saved.</summary>
    public static VersionRange LoraOnlyBiasesNotSaved { get; } = VersionRange.Parse("[0.7.0,0.21.0)");

    /// <summary>Up to 0.17: LoRA on an embedding that multiplies its rows added to the multiplied row, not to the row.</summary>
    public static VersionRange EmbeddingDeltaUnscaled { get; } = VersionRange.Parse("(,0.18.0)");

    /// <summary>0.15 to 0.17: an embedding with trained tokens no longer multiplied any of its rows, so that the model was trained without that factor.</summary>
    public static VersionRange TrainedTokensWithoutScale { get; } = VersionRange.Parse("[0.15.0,0.18.0)");

    /// <summary>0.9 and 0.10: DoRA's norm of a GPT-2 projection was that of the weight as stored, not turned round.</summary>
    public static VersionRange DoraNormOfStoredConv1D { get; } = VersionRange.Parse("[0.9.0,0.11.0)");

    /// <summary>0.17 and 0.18: LoRA on a 3-D parameter is always input by output.</summary>
    public static VersionRange ParametersInputByOutput { get; } = VersionRange.Parse("[0.17.0,0.19.0)");

    /// <summary>0.19.0 alone: output by input where the module says that it is transposed, which is the wrong way round.</summary>
    public static VersionRange ParametersTurnedWhereTransposed { get; } = VersionRange.Parse("[0.19.0,0.19.0]");

    /// <summary>Since 0.19.1: output by input, but input by output where the module says that it is transposed.</summary>
    public static VersionRange ParametersOutputByInput { get; } = VersionRange.Parse("[0.19.1,)");

    /// <summary>Fields that the first releases had and later ones have not: a file with one of them is theirs.</summary>
    private static readonly ImmutableArray<string> FieldsOf02 = ["enable_lora", "merge_weights"];

    private static readonly VersionRange Before03 = VersionRange.Parse("(,0.3.0)");

    /// <summary>Fields of every kind that adapts layers, by the first release that writes them.</summary>
    private static readonly ImmutableArray<FirstWritten> FieldsOfAll =
    [
        new("0.14.0", ["exclude_modules"]),
        new("0.18.0", ["peft_version"]),
    ];

    private static readonly ImmutableArray<FirstWritten> FieldsOfLora =
    [
        new("0.3.0", ["init_lora_weights"]),
        new("0.4.0", ["auto_mapping", "layers_to_transform", "revision"]),
        new("0.6.0", ["alpha_pattern", "rank_pattern"]),
        new("0.7.0", ["loftq_config", "megatron_config"]),
        new("0.8.0", ["use_rslora"]),
        new("0.9.0", ["use_dora"]),
        new("0.10.0", ["layer_replication"]),
        new("0.14.0", ["eva_config", "exclude_modules", "lora_bias"]),
        new("0.15.0", ["corda_config", "trainable_token_indices"]),
        new("0.16.0", ["use_qalora"]),
        new("0.17.0", ["target_parameters"]),
        new("0.18.0", ["alora_invocation_tokens", "arrow_config", "ensure_weight_tying", "peft_version"]),
        new("0.19.0", ["use_bdlora"]),
        new("0.20.0", ["velora_config"]),
    ];

    /// <summary>Fields of single kinds beside <see cref="FieldsOfAll"/>.</summary>
    private static readonly ImmutableDictionary<string, ImmutableArray<FirstWritten>> FieldsOfKind = ImmutableDictionary.CreateRange(StringComparer.Ordinal,
    [
        KeyValuePair.Create("LOKR", (ImmutableArray<FirstWritten>)[new("0.14.0", ["rank_dropout_scale"])]),
        KeyValuePair.Create("OFT", (ImmutableArray<FirstWritten>)[new("0.14.0", ["oft_block_size"]), new("0.16.0", ["use_cayley_neumann"])]),
    ]);

    /// <summary>Kinds that only some releases had.</summary>
    private static readonly ImmutableDictionary<string, VersionRange> KindsOfTheirTime = ImmutableDictionary.CreateRange(StringComparer.Ordinal,
    [
        KeyValuePair.Create("BONE", VersionRange.Parse("[0.14.0,0.19.0)")),
    ]);

    /// <summary>The releases that may have written a configuration.</summary>
    /// <exception cref="LoraMergeException">LORA3002: <c>peft_version</c> is no text.</exception>
    public static AdapterOrigin Date(ConfigFields config, string kind)
    {
        if (config.Text("peft_version") is string stated && Stated(stated) is { } releases)
            return new AdapterOrigin(AdapterOrigin.Peft, releases, $"\"peft_version\" is {stated}");
        if (kind == AdapterKinds.Lora && FieldsOf02.FirstOrDefault(config.Has) is string old)
            return new AdapterOrigin(AdapterOrigin.Peft, Before03, $"it has \"{old}\"");
        ImmutableArray<FirstWritten> table = kind == AdapterKinds.Lora
            ? FieldsOfLora
            : [.. FieldsOfAll.Concat(FieldsOfKind.GetValueOrDefault(kind, [])).GroupBy(row => row.Release).OrderBy(group => group.Key)
                .Select(group => new FirstWritten(group.Key, [.. group.SelectMany(row => row.Fields)]))];
        AdapterOrigin dated = DateByFields(config, table);
        return KindsOfTheirTime.TryGetValue(kind, out VersionRange? time) && dated.Follows(time) is null
            ? new AdapterOrigin(AdapterOrigin.Peft, time, $"no others had the kind {kind}")
            : dated;
    }

    private static AdapterOrigin DateByFields(ConfigFields config, ImmutableArray<FirstWritten> table)
    {
        int newest = table.Length - 1;
        while (newest >= 0 && !table[newest].Fields.Any(config.Has))
            newest--;
        // Whoever writes a configuration by hand leaves fields out, so that those that are missing date nothing.
        if (table.Take(newest).SelectMany(row => row.Fields).FirstOrDefault(field => !config.Has(field)) is string missing)
            return Undated(table[newest].Release, $"it has \"{table[newest].Fields.First(config.Has)}\" but not the older \"{missing}\", as files made by hand do");
        if (newest < 0)
            return Undated(null, "it has none of the fields that tell");
        string has = $"it has \"{table[newest].Fields.First(config.Has)}\"";
        if (table[newest].Fields.FirstOrDefault(field => !config.Has(field)) is string half)
            return new AdapterOrigin(AdapterOrigin.Peft, Between(newest == 0 ? null : table[newest - 1].Release, table[newest].Release, isLastIncluded: true), $"{has} but not \"{half}\" of the same release");
        if (newest == table.Length - 1)
            return new AdapterOrigin(AdapterOrigin.Peft, Between(table[newest].Release, null), has);
        return new AdapterOrigin(AdapterOrigin.Peft, Between(table[newest].Release, table[newest + 1].Release), $"{has} but not \"{table[newest + 1].Fields[0]}\"");
    }

    private static AdapterOrigin Undated(NuGetVersion? first, string evidence) => new(AdapterOrigin.Peft, Between(first, null), evidence);

    private static VersionRange Between(NuGetVersion? first, NuGetVersion? last, bool isLastIncluded = false) => new(first, first is not null, last, isLastIncluded);

    /// <summary>A release is itself; a development version (<c>0.18.2.dev0@1a2b3c</c>) comes after the release before it and may have all of the next minor one.</summary>
    private static VersionRange? Stated(string text)
    {
        Match match = PythonVersion.Match(text);
        if (!match.Success || !NuGetVersion.TryParse(match.Groups["release"].Value, out NuGetVersion? release))
            return null;
        if (!match.Groups["dev"].Success)
            return new VersionRange(release, true, release, true);
        return Between(new NuGetVersion(release.Major, release.Minor, Math.Max(release.Patch - 1, 0)), new NuGetVersion(release.Major, release.Minor + 1, 0), isLastIncluded: true);
    }

    [GeneratedRegex(@"^(?<release>\d+(\.\d+){1,2})(?<dev>\.?(dev|rc|a|b)\d*)?([+@].*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex PythonVersion { get; }

    /// <summary>Fields that a release writes first.</summary>
    private sealed record FirstWritten(NuGetVersion Release, ImmutableArray<string> Fields)
    {
        public FirstWritten(string release, ImmutableArray<string> fields)
            : this(new NuGetVersion(release), fields) { }
    }
}
