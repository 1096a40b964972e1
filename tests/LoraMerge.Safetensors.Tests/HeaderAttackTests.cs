using System.Globalization;
using System.Text;

namespace LoraMerge.Safetensors.Tests;

/// <summary>Files whose header is not even a JSON object in UTF-8 of the claimed length.</summary>
public sealed class HeaderAttackTests
{
    [Fact]
    public void An_empty_file() => AssertRefused(SafetensorsFault.Truncated, []);

    [Fact]
    public void A_file_cut_within_the_header_length() => AssertRefused(SafetensorsFault.Truncated, [2, 0, 0, 0, 0, 0, 0]);

    [Fact]
    public void A_file_cut_within_the_header() => AssertRefused(SafetensorsFault.Truncated, [.. RawFile.Length(3), .. "{}"u8]);

    [Fact]
    public void A_file_cut_behind_the_header_length() => AssertRefused(SafetensorsFault.Truncated, RawFile.Length(2));

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    public void A_header_too_short_for_an_object(ulong length) =>
        AssertRefused(SafetensorsFault.HeaderLengthInvalid, [.. RawFile.Length(length), .. "{}"u8]);

    [Theory]
    [InlineData(100_000_001UL)]
    [InlineData((ulong)int.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData((ulong)long.MaxValue + 1)]
    [InlineData(ulong.MaxValue - 7)]
    [InlineData(ulong.MaxValue)]
    public void A_header_longer_than_allowed(ulong length) =>
        AssertRefused(SafetensorsFault.HeaderTooLarge, [.. RawFile.Length(length), .. "{}"u8]);

    [Fact]
    public void A_claimed_length_is_not_allocated_before_the_file_is_known_to_hold_it()
    {
        byte[] file = [.. RawFile.Length(SafetensorsHeader.MaxJsonLength), .. "{}"u8];
        long before = GC.GetAllocatedBytesForCurrentThread();

        AssertRefused(SafetensorsFault.Truncated, file);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Theory]
    [InlineData(new byte[] { 0xff })] // never a byte of UTF-8
    [InlineData(new byte[] { 0xc0, 0xaf })] // '/' in two bytes
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })] // a surrogate
    [InlineData(new byte[] { 0xe9, 0x8d })] // a character cut short
    public void A_name_that_is_not_UTF_8(byte[] name)
    {
        byte[] json = [.. "{\""u8, .. name, .. "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"u8];

        AssertRefused(SafetensorsFault.HeaderNotUtf8, RawFile.Bytes(json, 0));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData(" {}")]
    [InlineData("\n{}")]
    [InlineData("\ufeff{}")]
    public void A_header_that_does_not_begin_with_a_brace(string json) => AssertNotJson(json);

    [Theory]
    [InlineData("{{")]
    [InlineData("{} {}")]
    [InlineData("{}x")]
    [InlineData("{}\0")]
    [InlineData("{,}")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a")]
    [InlineData("{'a':1}")]
    [InlineData("{a:1}")]
    public void A_header_of_broken_JSON(string json) => AssertNotJson(json);

    [Theory]
    [InlineData("{/* hidden */}")]
    [InlineData("{}// hidden")]
    public void A_header_with_comments(string json) => AssertNotJson(json);

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0,],\"data_offsets\":[0,0]}}")]
    public void A_header_with_trailing_commas(string json) => AssertNotJson(json);

    [Theory]
    [InlineData("{\"\\ud800\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"__metadata__\":{\"a\":\"\\udc00\"}}")]
    [InlineData("{\"a\":{\"dtype\":\"\\ud800\",\"shape\":[0],\"data_offsets\":[0,0]}}")]
    [InlineData("{\"a\":{\"\\ud800\":1}}")]
    public void Half_a_surrogate_pair(string json) => AssertNotJson(json);

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void A_bomb_of_nesting(char open, char close)
    {
        const int depth = 1_000_000;
        string nested = open == '{'
            ? string.Concat(Enumerable.Repeat("{\"\":", depth)) + "0" + new string(close, depth)
            : new string(open, depth) + new string(close, depth);

        AssertNotJson("{\"a\":{\"extra\":" + nested + "}}");
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "Git LFS")]
    [InlineData("PK\u0003\u0004\u0014\0\0\0\0\0", "zip")]
    [InlineData("GGUF\u0003\0\0\0\0\0\0\0", "GGUF")]
    [InlineData("<!DOCTYPE html>", "HTML")]
    [InlineData("\u0080\u0002}q\0(X\u0004\0", "pickle")]
    [InlineData("\u0089HDF\r\n\u001a\n\0\0", "HDF5")]
    public void A_file_of_another_kind_under_a_wrong_name(string start, string kind)
    {
        SafetensorsFormatException e = RawFile.Refuse(Encoding.Latin1.GetBytes(start));

        Assert.Equal(SafetensorsFault.NotSafetensors, e.Fault);
        Assert.Contains(kind, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{}      ")]
    [InlineData("{ } \t\r\n")]
    public void A_file_without_tensors_is_legal(string json) => Assert.Empty(RawFile.Read(RawFile.Bytes(json, 0)).Tensors);

    [Fact]
    public void The_memory_for_a_header_grows_only_with_its_tensors()
    {
        long small = AllocatedFor(10_000);
        long large = AllocatedFor(100_000);

        Assert.InRange(large, 0, 12 * small);
    }

    private static long AllocatedFor(int tensorCount)
    {
        var json = new StringBuilder("{");
        for (int i = 0; i < tensorCount; i++)
            json.Append(
                CultureInfo.InvariantCulture,
                $"{(i == 0 ? "" : ",")}\"layers.{i}.weight\":{{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[{4 * i},{4 * (i + 1)}]}}"
            );
        byte[] file = RawFile.Bytes(json.Append('}').ToString(), 4 * tensorCount);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(tensorCount, RawFile.Read(file).Tensors.Length);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void AssertNotJson(string json) => AssertRefused(SafetensorsFault.HeaderNotJson, RawFile.Bytes(json, 0));

    private static void AssertRefused(SafetensorsFault fault, byte[] file)
    {
        SafetensorsFormatException e = RawFile.Refuse(file);

        Assert.Equal(fault, e.Fault);
        Assert.EndsWith("raw.safetensors", e.Path, StringComparison.Ordinal);
    }
}
