using LoraMerge.Cli;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Parsing;

/// <summary>Sizes, versions, ranges and response files, as users write them.</summary>
public sealed class TextFormsTests
{
    [Theory]
    [InlineData("1B", 1)]
    [InlineData("123B", 123)]
    [InlineData("500MB", 500_000_000)]
    [InlineData("5GB", 5_000_000_000)]
    [InlineData("2GiB", 2_147_483_648)]
    [InlineData("2gib", 2_147_483_648)]
    [InlineData(" 1.5 KiB ", 1536)]
    [InlineData("0.5kb", 500)]
    [InlineData("1TiB", 1_099_511_627_776)]
    [InlineData("1TB", 1_000_000_000_000)]
    [InlineData("1000000", 1_000_000)]
    public void A_size_is_read_as_hugging_face_reads_it(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out ByteSize? size));
        Assert.Equal((bytes, text), (size.Bytes, size.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("20")]
    [InlineData("999999")]
    [InlineData("0.1B")]
    [InlineData("-1GB")]
    [InlineData("GB")]
    [InlineData("5 G B")]
    [InlineData("5G")]
    [InlineData("5,5GB")]
    [InlineData("1e9")]
    [InlineData("1.GB")]
    [InlineData("٣GB")]
    [InlineData("9999999999TB")]
    [InlineData("99999999999999999999999999999999999999GB")]
    public void What_is_no_size_is_none(string text)
    {
        Assert.False(ByteSize.TryParse(text, out _));
    }

    [Theory]
    [InlineData("1.0.0", "1.0.0")]
    [InlineData("1.5", "[1.0,2.0)")]
    [InlineData("3.0.0", "1.0")]
    [InlineData("1.0.0", "[1.0.0]")]
    [InlineData("1.9.9", "1.*")]
    [InlineData("1.2.7", "1.2.*")]
    [InlineData("7.0.0", "*")]
    [InlineData("2.0.0-beta.1", "[1.0,2.0)")]
    [InlineData("2.0.0-beta.2", "[2.0.0-beta.1,2.0.0]")]
    [InlineData("1.5.0", "[1.*,2.0)")]
    public void A_version_in_its_range_is_accepted(string version, string range)
    {
        VersionRanges.ThrowIfUnsatisfied(Request(version, range));
    }

    [Theory]
    [InlineData("2.0.0", "[1.0,2.0)", DiagnosticCode.BaseVersionMismatch)]
    [InlineData("0.9.0", "1.0", DiagnosticCode.BaseVersionMismatch)]
    [InlineData("2.0.0", "1.*", DiagnosticCode.BaseVersionMismatch)]
    [InlineData("1.3.0", "1.2.*", DiagnosticCode.BaseVersionMismatch)]
    [InlineData("1.0.0-beta", "1.0.0", DiagnosticCode.BaseVersionMismatch)]
    [InlineData("2.1.0", "[1.*,2.0)", DiagnosticCode.BaseVersionMismatch)]
    [InlineData(null, "1.0", DiagnosticCode.BaseVersionMismatch)]
    [InlineData("one", "1.0", DiagnosticCode.VersionInvalid)]
    [InlineData("1.0.0", "one", DiagnosticCode.VersionInvalid)]
    [InlineData("1.0.0", "(2.0,1.0)", DiagnosticCode.VersionInvalid)]
    [InlineData("1.0.0", "", DiagnosticCode.VersionInvalid)]
    public void A_version_outside_its_range_is_refused(string? version, string range, DiagnosticCode code)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => VersionRanges.ThrowIfUnsatisfied(Request(version, range)));

        Assert.Equal(code, fault.Code);
    }

    [Theory]
    [InlineData("[1.0,2.0)", "2.0")]
    [InlineData("1.*", "[2.0,3.0]")]
    [InlineData("1.2.*", "1.3.*")]
    [InlineData("[1.0]", "(1.0,2.0)")]
    [InlineData("1.0.0-beta.*", "1.0.1")]
    public void Two_adapters_that_exclude_each_other_are_both_named(string first, string second)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => VersionRanges.ThrowIfUnsatisfied(Request(null, first, second)));

        Assert.Equal(DiagnosticCode.BaseVersionConflict, fault.Code);
        Assert.Contains("'adapter0' for ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'adapter1' for ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.5.0", "1.*", "[1.2,2.0)")]
    [InlineData("1.0.0-beta.2", "1.0.0-beta.*", "[1.0.0-beta.1,2.0)")]
    [InlineData("3.0.0", "*", "[3.0]")]
    [InlineData("1.2.3", "1.2.*", "1.*")]
    public void Two_ranges_with_a_version_in_common_are_met_by_it(string version, string first, string second)
    {
        VersionRanges.ThrowIfUnsatisfied(Request(version, first, second));
    }

    [Theory]
    [InlineData("merge\n--base\nC:\\models\\my base\n", "merge|--base|C:\\models\\my base")]
    [InlineData("merge\r\n\r\n--name\r\n# no comment \r\n", "merge|--name|# no comment ")]
    [InlineData("\uFEFFmerge\n\"quoted\"", "merge|\"quoted\"")]
    [InlineData("", "")]
    public void A_response_file_is_one_argument_a_line(string text, string arguments)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["arguments.rsp"], text);

        Assert.True(ResponseFile.TryRead(folder["arguments.rsp"], out IReadOnlyList<string>? read, out string? error));

        Assert.Null(error);
        Assert.Equal(arguments, string.Join('|', read!));
        folder.Passed();
    }

    [Fact]
    public void A_response_file_that_is_missing_is_named()
    {
        Assert.False(ResponseFile.TryRead("/nowhere/arguments.rsp", out _, out string? error));
        Assert.Contains("/nowhere/arguments.rsp", error, StringComparison.Ordinal);
    }

    private static MergeRequest Request(string? version, params string[] ranges) =>
        new("base", [.. ranges.Select((range, i) => new AdapterRequest($"adapter{i}") { BaseVersionRange = range })]) { BaseVersion = version };
}
