using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Agreed.Options;
using LoraMerge.Combinations;
using LoraMerge.Planning;

namespace LoraMerge.Requests;

/// <summary>A request in the words of its options, and back: the one place where both are named side by side.</summary>
internal static class RequestWords
{
    private static readonly Word<MergeRequest>[] s_ofRequest =
    [
        new(OptionTable.Format, request => request.Format, (request, text) => request with { Format = text }),
        new(OptionTable.Quantization, request => request.Quantization, (request, text) => request with { Quantization = text }),
        new(OptionTable.DType, request => request.DType.ToString(), (request, text) => request with
        {
            DType = OutputDType.TryParse(text, out OutputDType dtype) ? dtype : throw Unread(text),
        }),
        new(OptionTable.MaxShardSize, request => request.MaxShardSize?.Text, (request, text) => request with { MaxShardSize = SizeOf(text) }),
        new(OptionTable.Requantize, request => request.KeepsQuantization ? "keep" : "none", (request, text) => request with
        {
            KeepsQuantization = text == "keep",
        }),
        new(OptionTable.Combine, request => request.Combination.Way.Text, (request, text) => request with
        {
            Combination = request.Combination with { Way = CombinationWays.TryParse(text, out CombinationWay way) ? way : throw Unread(text) },
        }),
        new(OptionTable.Density, request => request.Combination.Density?.Text, (request, text) => request with
        {
            Combination = request.Combination with { Density = Density.TryParse(text, out Density? density) ? density : throw Unread(text) },
        }),
        new(OptionTable.MajoritySign, request => request.Combination.MajoritySign.Text, (request, text) => request with
        {
            Combination = request.Combination with { MajoritySign = CombinationWays.TryParse(text, out MajoritySign sign) ? sign : throw Unread(text) },
        }),
        new(OptionTable.SvdRank, request => Text(request.Combination.SvdRank), (request, text) => request with
        {
            Combination = request.Combination with { SvdRank = CountOf(text) },
        }),
        new(OptionTable.Modelfile, request => request.WritesModelfile ? "true" : "false", (request, text) => request with { WritesModelfile = text == "true" }),
        new(OptionTable.OnUnmatched, request => request.AcceptsUnmatched ? "warn" : "error", (request, text) => request with
        {
            AcceptsUnmatched = text == "warn",
        }),
        new(OptionTable.Verify, request => request.Verification.ToString().ToLowerInvariant(), (request, text) => request with
        {
            Verification = Enum.Parse<Verification>(text, ignoreCase: true),
        }),
        new(OptionTable.Device, request => request.Device, (request, text) => request with { Device = text }),
        new(OptionTable.Threads, request => Text(request.Threads), (request, text) => request with { Threads = CountOf(text) }),
        new(OptionTable.MaxMemory, request => request.MaxMemory is long bytes ? FormattableString.Invariant($"{bytes}B") : null, (request, text) => request with
        {
            MaxMemory = SizeOf(text).Bytes,
        }),
        new(OptionTable.BaseVersion, request => request.BaseVersion, (request, text) => request with { BaseVersion = text }),
        new(OptionTable.BaseSha256, request => Digests(request.Sha256), (request, text) => request with { Sha256 = text }),
    ];

    private static readonly Word<AdapterRequest>[] s_ofAdapter =
    [
        new(OptionTable.Weight, adapter => OptionTable.Weight.Form.TryRead(adapter.Weight.ToString("R", CultureInfo.InvariantCulture)),
            (adapter, text) => adapter with { Weight = double.Parse(text, CultureInfo.InvariantCulture) }),
        new(OptionTable.AdapterVersion, adapter => adapter.Version, (adapter, text) => adapter with { Version = text }),
        new(OptionTable.BaseRange, adapter => adapter.BaseVersionRange, (adapter, text) => adapter with { BaseVersionRange = text }),
        new(OptionTable.AdapterRelease, adapter => adapter.AdapterVersion, (adapter, text) => adapter with { AdapterVersion = text }),
        new(OptionTable.ExpertLayout, adapter => adapter.ExpertLayout is { } layout ? ExpertLayouts.NameOf(layout) : null, (adapter, text) => adapter with
        {
            ExpertLayout = text == "auto" ? null : ExpertLayouts.TryParse(text, out ExpertLayout layout) ? layout : throw Unread(text),
        }),
        new(OptionTable.AdapterSha256, adapter => Digests(adapter.Sha256), (adapter, text) => adapter with { Sha256 = text }),
    ];

    public static OptionValues Of(MergeRequest request) => Read(s_ofRequest, request);

    public static OptionValues Of(AdapterRequest adapter) => Read(s_ofAdapter, adapter);

    /// <param name="request">Without them.</param>
    /// <param name="values">Each of its option's form.</param>
    public static MergeRequest Apply(MergeRequest request, OptionValues values) => Write(s_ofRequest, request, values);

    /// <inheritdoc cref="Apply(MergeRequest, OptionValues)"/>
    public static AdapterRequest Apply(AdapterRequest adapter, OptionValues values) => Write(s_ofAdapter, adapter, values);

    private static OptionValues Read<T>(IEnumerable<Word<T>> words, T owner) =>
        words.Aggregate(OptionValues.None, (values, word) => values.With(word.Option, word.Get(owner)));

    private static T Write<T>(IEnumerable<Word<T>> words, T owner, OptionValues values) =>
        words.Aggregate(owner, (changed, word) => values.Given(word.Option) is string text ? word.Set(changed, text) : changed);

    private static ByteSize SizeOf(string text) => ByteSize.TryParse(text, out ByteSize? size) ? size : throw Unread(text);

    private static int CountOf(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string? Digests(string? text) => text is null ? null : OptionForm.Digests.TryRead(text) ?? throw Unread(text);

    private static string? Text(int? count) => count?.ToString(CultureInfo.InvariantCulture);

    /// <summary>The option's form lets a word pass that the engine does not have.</summary>
    private static ArgumentException Unread(string text) => new($"'{text}' is no value of its option.");

    private sealed record Word<T>(MergeOption Option, Func<T, string?> Get, Func<T, string, T> Set);
}
