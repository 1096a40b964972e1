using System.Collections.Immutable;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Adapters;

/// <summary>What changed in PEFT when: by which fields a file is dated, and which rules hold for which releases. docs/adapters.md explains each.</summary>
/// <remarks>PEFT writes every field of its configuration class, so the newest field that a file has names the first release that can have written it, and the
/// first that it lacks the release before which it was written.</remarks>
internal static partial class PeftHistory
{
    /// <summary>
    /// 0.15 to 0.17: an embedding with trained tokens no longer multiplied any of its rows, so that the model was trained without that factor.
    /// </summary>
    public static VersionRange TrainedTokensWithoutScale { get; } = VersionRange.Parse("[0.15.0,0.18.0)");

    /// <summary>
    /// Up to 0.20 only LoRA and BOFT, and kinds like these, saved biases; the others trained them, <c>all</c> or those of adapted modules, and left them out of
    /// the file.
    /// </summary>
    public static VersionRange BiasesNotSaved { get; } = VersionRange.Parse("(,0.21.0)");

    /// <summary>Fields of every kind that adapts layers, by the first release that writes them.</summary>
    private static readonly ImmutableArray<FirstWritten> FieldsOfAll =
    [
        new("0.14.0", ["exclude_modules"]),
        new("0.18.0", ["peft_version"]),
    ];

    /// <summary>The releases that may have written a configuration of a kind; null for a kind that nobody has.</summary>
    /// <exception cref="LoraMergeException">LORA3002: <c>peft_version</c> is no text.</exception>
    public static AdapterOrigin Date(ConfigFields config, AdapterKind? kind)
    {
        if (config.Text("peft_version") is string stated && Stated(stated) is { } releases)
            return new AdapterOrigin(AdapterOrigin.Peft, releases, $"\"peft_version\" is {stated}");
        if (kind?.GoneFields is var (before, fields) && fields.FirstOrDefault(config.Has) is string old)
            return new AdapterOrigin(AdapterOrigin.Peft, before, $"it has \"{old}\"");
        ImmutableArray<FirstWritten> table =
        [
            .. (kind?.FieldHistory ?? []).Concat(FieldsOfAll).GroupBy(row => row.Release).OrderBy(group => group.Key)
                .Select(group => new FirstWritten(group.Key, [.. group.SelectMany(row => row.Fields).Distinct(StringComparer.Ordinal)])),
        ];
        AdapterOrigin dated = DateByFields(config, table);
        return kind?.Releases is { } time && dated.Follows(time) is null
            ? new AdapterOrigin(AdapterOrigin.Peft, time, $"no others had the kind {kind.PeftType}")
            : dated;
    }

    private static AdapterOrigin DateByFields(ConfigFields config, ImmutableArray<FirstWritten> table)
    {
        int newest = table.Length - 1;
        while (newest >= 0 && !table[newest].Fields.Any(config.Has))
            newest--;
        // Whoever writes a configuration by hand leaves fields out, so that those that are missing date nothing.
        if (table.Take(newest).SelectMany(row => row.Fields).FirstOrDefault(field => !config.Has(field)) is string missing)
            return Undated(
                table[newest].Release,
                $"it has \"{table[newest].Fields.First(config.Has)}\" but not the older \"{missing}\", as files made by hand do"
            );
        if (newest < 0)
            return Undated(null, "it has none of the fields that tell");
        string has = $"it has \"{table[newest].Fields.First(config.Has)}\"";
        if (table[newest].Fields.FirstOrDefault(field => !config.Has(field)) is string half)
            return new AdapterOrigin(
                AdapterOrigin.Peft,
                Between(newest == 0 ? null : table[newest - 1].Release, table[newest].Release, isLastIncluded: true),
                $"{has} but not \"{half}\" of the same release"
            );
        if (newest == table.Length - 1)
            return new AdapterOrigin(AdapterOrigin.Peft, Between(table[newest].Release, null), has);
        return new AdapterOrigin(
            AdapterOrigin.Peft,
            Between(table[newest].Release, table[newest + 1].Release),
            $"{has} but not \"{table[newest + 1].Fields[0]}\""
        );
    }

    private static AdapterOrigin Undated(NuGetVersion? first, string evidence) => new(AdapterOrigin.Peft, Between(first, null), evidence);

    private static VersionRange Between(NuGetVersion? first, NuGetVersion? last, bool isLastIncluded = false) =>
        new(first, first is not null, last, isLastIncluded);

    /// <summary>
    /// A release is itself; a development version (<c>0.18.2.dev0@1a2b3c</c>) comes after the release before it and may have all of the next minor one.
    /// </summary>
    private static VersionRange? Stated(string text)
    {
        Match match = PythonVersion.Match(text);
        if (!match.Success || !NuGetVersion.TryParse(match.Groups["release"].Value, out NuGetVersion? release))
            return null;
        if (!match.Groups["dev"].Success)
            return new VersionRange(release, true, release, true);
        return Between(
            new NuGetVersion(release.Major, release.Minor, Math.Max(release.Patch - 1, 0)),
            new NuGetVersion(release.Major, release.Minor + 1, 0),
            isLastIncluded: true
        );
    }

    [GeneratedRegex(@"^(?<release>\d+(\.\d+){1,2})(?<dev>\.?(dev|rc|a|b)\d*)?([+@].*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex PythonVersion { get; }
}
