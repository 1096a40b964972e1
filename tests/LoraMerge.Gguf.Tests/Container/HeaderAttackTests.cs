using System.Text;
using LoraMerge.Gguf.Container;

namespace LoraMerge.Gguf.Tests.Container;

/// <summary>Files that lie about themselves.</summary>
public sealed class HeaderAttackTests
{
    private const ulong Huge = ulong.MaxValue;

    [Fact]
    public void An_empty_file() => new RawFile().Refuse(GgufFault.Truncated);

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void A_file_cut_within_its_first_fields(int length) => new RawFile().Add("GGUF\u0003\0\0\0"u8[..length]).Refuse(GgufFault.Truncated);

    [Fact]
    public void A_file_cut_within_its_counts() => new RawFile().Add("GGUF"u8).Add(3u).Add(0UL).Add(0u).Refuse(GgufFault.Truncated);

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "Git LFS")]
    [InlineData("PK\u0003\u0004\u0014\0\0\0\0\0", "zip")]
    [InlineData("<!DOCTYPE html>", "HTML")]
    [InlineData("ggjt\u0003\0\0\0\0", "67676A74")]
    public void A_file_of_another_kind_under_a_wrong_name(string start, string kind)
    {
        GgufFormatException e = new RawFile().Add(Encoding.Latin1.GetBytes(start)).Refuse(GgufFault.NotGguf);

        Assert.Contains(kind, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(4u)]
    [InlineData(0x03000000u)] // big-endian
    public void A_version_that_is_not_read(uint version) => RawFile.Start(0, 0, version).Refuse(GgufFault.VersionNotSupported);

    [Fact]
    public void The_version_before_is_read() => Assert.Empty(RawFile.Start(0, 0, version: 2).Read().Tensors);

    [Theory]
    [InlineData(Huge, 0)]
    [InlineData(0, Huge)]
    [InlineData(1UL << 40, 0)]
    [InlineData(0, 1UL << 40)]
    public void Counts_that_the_file_is_too_short_for(ulong tensors, ulong keys) => RawFile.Start(tensors, keys).Refuse(GgufFault.Truncated);

    [Fact]
    public void Claimed_lengths_are_not_allocated_before_the_file_is_known_to_hold_them()
    {
        RawFile file = RawFile.Start(0, 1).Key("a", GgufValueType.Array).Add((uint)GgufValueType.Float64).Add(1UL << 30).Add(new byte[64]);
        long before = GC.GetAllocatedBytesForCurrentThread();

        file.Refuse(GgufFault.Truncated);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Theory]
    [InlineData(100UL)]
    [InlineData(1UL << 63)]
    [InlineData(Huge)]
    public void A_key_longer_than_the_file(ulong length) => RawFile.Start(0, 1).Add(length).Add(new byte[32]).Refuse(GgufFault.Truncated);

    [Fact]
    public void A_key_longer_than_the_format_allows() => RawFile.Start(0, 1).Text(new string('k', 65536)).Add(0u).Add(0UL).Refuse(GgufFault.KeyInvalid);

    [Fact]
    public void An_empty_key() => RawFile.Start(0, 1).Key("", GgufValueType.UInt32).Add(1u).Refuse(GgufFault.KeyInvalid);

    [Theory]
    [InlineData(new byte[] { 0xff })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    public void A_key_that_is_not_UTF_8(byte[] key) => RawFile.Start(0, 1).Text(key).Add((uint)GgufValueType.UInt32).Add(1u).Refuse(GgufFault.KeyInvalid);

    [Fact]
    public void A_text_that_is_not_UTF_8() => RawFile.Start(0, 1).Key("a", GgufValueType.String).Text([0xc0, 0xaf]).Refuse(GgufFault.ValueInvalid);

    [Fact]
    public void A_key_twice() =>
        RawFile.Start(0, 2).Key("a", GgufValueType.UInt32).Add(1u).Key("a", GgufValueType.UInt32).Add(1u).Refuse(GgufFault.DuplicateKey);

    [Theory]
    [InlineData(13u)]
    [InlineData(uint.MaxValue)]
    public void A_type_of_values_that_the_format_does_not_have(uint type) =>
        RawFile.Start(0, 1).Text("a").Add(type).Add(0UL).Refuse(GgufFault.ValueInvalid);

    [Fact]
    public void An_array_of_arrays() =>
        RawFile.Start(0, 1).Key("a", GgufValueType.Array).Add((uint)GgufValueType.Array).Add(1UL).Add(new byte[32]).Refuse(GgufFault.ValueInvalid);

    [Fact]
    public void A_boolean_of_two() => RawFile.Start(0, 1).Key("a", GgufValueType.Bool).Add([2]).Refuse(GgufFault.ValueInvalid);

    [Fact]
    public void An_array_of_texts_longer_than_the_file() =>
        RawFile.Start(0, 1).Key("a", GgufValueType.Array).Add((uint)GgufValueType.String).Add(5UL).Add(new byte[32]).Refuse(GgufFault.Truncated);

    [Theory]
    [InlineData(0u)]
    [InlineData(48u)]
    public void An_alignment_that_is_no_power_of_two(uint alignment) =>
        RawFile.Start(0, 1).Key("general.alignment", GgufValueType.UInt32).Add(alignment).Refuse(GgufFault.AlignmentInvalid);

    [Fact]
    public void An_alignment_of_another_type() =>
        RawFile.Start(0, 1).Key("general.alignment", GgufValueType.UInt64).Add(32UL).Refuse(GgufFault.AlignmentInvalid);

    [Fact]
    public void An_alignment_beyond_the_file() =>
        RawFile.Start(1, 1).Key("general.alignment", GgufValueType.UInt32).Add(1u << 31).Tensor("a", 0, 0, 4).Data(16).Refuse(GgufFault.Truncated);

    [Fact]
    public void A_tensor_without_a_name() => RawFile.Start(1, 0).Tensor("", 0, 0, 4).Data(16).Refuse(GgufFault.TensorNameInvalid);

    [Fact]
    public void A_name_longer_than_readers_take() => RawFile.Start(1, 0).Tensor(new string('t', 64), 0, 0, 4).Data(16).Refuse(GgufFault.TensorNameInvalid);

    [Fact]
    public void A_tensor_twice() => RawFile.Start(2, 0).Tensor("a", 0, 0, 8).Tensor("a", 0, 32, 8).Data(64).Refuse(GgufFault.DuplicateTensor);

    [Theory]
    [InlineData(5u)]
    [InlineData(uint.MaxValue)]
    public void Too_many_dimensions(uint count) => RawFile.Start(1, 0).Text("a").Add(count).Add(new byte[64]).Refuse(GgufFault.ShapeInvalid);

    [Theory]
    [InlineData(Huge, 1UL)]
    [InlineData(1UL << 62, 2UL)]
    [InlineData(1UL << 32, 1UL << 32)]
    [InlineData((1UL << 63) - 1, 1UL)] // as bytes
    public void A_shape_that_cannot_be_counted(ulong row, ulong rows) =>
        RawFile.Start(1, 0).Tensor("a", 0, 0, row, rows).Data(64).Refuse(GgufFault.ShapeInvalid);

    [Theory]
    [InlineData(8u, 33UL)]
    [InlineData(12u, 128UL)]
    public void A_row_of_broken_blocks(uint type, ulong row) => RawFile.Start(1, 0).Tensor("a", type, 0, row).Data(512).Refuse(GgufFault.ShapeInvalid);

    [Theory]
    [InlineData(4u)] // gone from the format
    [InlineData(43u)]
    [InlineData(uint.MaxValue)]
    public void A_type_of_tensors_that_is_not_known(uint type) => RawFile.Start(1, 0).Tensor("a", type, 0, 32).Data(512).Refuse(GgufFault.UnknownType);

    [Theory]
    [InlineData(32UL)] // overlap
    [InlineData(48UL)] // not aligned
    [InlineData(96UL)] // a gap
    [InlineData(Huge)]
    public void Tensors_that_do_not_follow_each_other(ulong offset) =>
        RawFile.Start(2, 0).Tensor("a", 0, 0, 12).Tensor("b", 0, offset, 8).Data(256).Refuse(GgufFault.OffsetInvalid);

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    public void Data_that_is_cut(int length) => RawFile.Start(1, 0).Tensor("a", 0, 0, 16).Data(length).Refuse(GgufFault.Truncated);

    [Fact]
    public void Bytes_behind_the_last_tensor() => RawFile.Start(1, 0).Tensor("a", 0, 0, 9).Data(65).Refuse(GgufFault.TrailingBytes);

    [Theory]
    [InlineData(36)]
    [InlineData(64)]
    public void The_last_tensor_may_be_padded_or_not(int length) => Assert.Single(RawFile.Start(1, 0).Tensor("a", 0, 0, 9).Data(length).Read().Tensors);

    [Fact]
    public void A_name_that_would_break_a_message_is_told_on_one_line()
    {
        GgufFormatException e = RawFile.Start(1, 0).Tensor("a\nb\u2028c", 99, 0, 4).Data(16).Refuse(GgufFault.UnknownType);

        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain('\u2028', e.Message);
    }
}
