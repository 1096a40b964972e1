namespace LoraMerge.Safetensors.Tests;

/// <summary>Headers of valid JSON that lie about a tensor or about the metadata.</summary>
public sealed class EntryAttackTests
{
    [Theory]
    [InlineData("\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}")]
    [InlineData("\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}")]
    [InlineData("\"/\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"\\/\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}")]
    [InlineData("\"__metadata__\":{},\"__metadata__\":{}")]
    [InlineData("\"__metadata__\":null,\"__metadata__\":{}")]
    [InlineData("\"__metadata__\":{},\"\\u005f_metadata__\":{\"a\":\"1\"}")]
    [InlineData("\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}")]
    [InlineData("\"__metadata__\":{\"a\":\"1\",\"\\u0061\":\"1\"}")]
    public void A_name_that_stands_twice(string entries) => AssertRefused(SafetensorsFault.DuplicateName, "{" + entries + "}");

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("[\"U8\",[4],[0,4]]")]
    [InlineData("{}")]
    [InlineData("{\"shape\":[4],\"data_offsets\":[0,4]}")]
    [InlineData("{\"dtype\":\"U8\",\"data_offsets\":[0,4]}")]
    [InlineData("{\"dtype\":\"U8\",\"shape\":[4]}")]
    [InlineData("{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"shape\":[4]}")]
    [InlineData("{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}")]
    [InlineData("{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"data_\\u006fffsets\":[0,4]}")]
    public void An_entry_that_is_not_one(string entry) => AssertRefused(SafetensorsFault.EntryInvalid, "{\"a\":" + entry + "}", "a");

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"u8\"")]
    [InlineData("\"U8 \"")]
    [InlineData("\"Bool\"")]
    [InlineData("\"F128\"")]
    [InlineData("\"A_VERY_LONG_NAME_OF_A_DTYPE_THAT_NO_BUFFER_HOLDS\"")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("[\"U8\"]")]
    public void An_unknown_dtype(string dtype) =>
        AssertRefused(SafetensorsFault.UnknownDType, "{\"a\":{\"dtype\":" + dtype + ",\"shape\":[4],\"data_offsets\":[0,4]}}", "a");

    [Theory]
    [InlineData("null")]
    [InlineData("4")]
    [InlineData("\"[4]\"")]
    [InlineData("{}")]
    [InlineData("[[4]]")]
    [InlineData("[null]")]
    [InlineData("[\"4\"]")]
    [InlineData("[true]")]
    [InlineData("[-4]")]
    [InlineData("[-2,-2]")]
    [InlineData("[-0]")]
    [InlineData("[4.0]")]
    [InlineData("[4.5]")]
    [InlineData("[4e0]")]
    [InlineData("[9223372036854775808]")]
    [InlineData("[1000000000000000000000000000000000000000000000000000000000000]")]
    public void A_shape_that_is_not_one(string shape) => AssertShapeRefused("U8", shape);

    [Theory]
    [InlineData("U8", "[4294967296,4294967296]")] // 2^64 wraps to 0
    [InlineData("U8", "[2,9223372036854775807]")]
    [InlineData("F32", "[4611686018427387905]")] // times 4 wraps to 4
    [InlineData("F64", "[2305843009213693952]")]
    [InlineData("U8", "[1152921504606846976]")] // 2^60 bytes: their bits do not fit
    [InlineData("U8", "[4611686018427387904,4,0]")] // overflows before the 0: refused like the reference does
    public void A_shape_whose_size_overflows(string dtype, string shape) => AssertShapeRefused(dtype, shape);

    [Fact]
    public void A_shape_of_more_dimensions_than_any_tensor_has()
    {
        AssertShapeRefused("U8", $"[{string.Join(',', Enumerable.Repeat(1, 65))}]");
        Assert.Single(
            RawFile
                .Read(RawFile.Bytes($"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[{string.Join(',', Enumerable.Repeat(1, 64))}],\"data_offsets\":[0,1]}}}}", 1))
                .Tensors
        );
    }

    [Theory]
    [InlineData("F4", "[1]")]
    [InlineData("F4", "[3,3]")]
    [InlineData("F6_E2M3", "[2]")]
    [InlineData("F6_E3M2", "[5]")]
    [InlineData("F4", "[]")]
    public void A_packed_tensor_that_ends_within_a_byte(string dtype, string shape) => AssertShapeRefused(dtype, shape);

    [Theory]
    [InlineData("null")]
    [InlineData("4")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[0]")]
    [InlineData("[0,4,8]")]
    [InlineData("[0,\"4\"]")]
    [InlineData("[0,null]")]
    [InlineData("[0,[4]]")]
    [InlineData("[0,4.0]")]
    [InlineData("[0,4e0]")]
    [InlineData("[-4,0]")]
    [InlineData("[-0,4]")]
    [InlineData("[4,0]")]
    [InlineData("[0,9223372036854775808]")]
    [InlineData("[18446744073709551612,0]")] // end - begin wraps to 4
    public void Offsets_that_are_none(string offsets) =>
        AssertRefused(SafetensorsFault.OffsetsInvalid, "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + offsets + "}}", "a");

    [Theory]
    [InlineData("U8", "[4]", "[0,3]")]
    [InlineData("U8", "[4]", "[0,5]")]
    [InlineData("F32", "[4]", "[0,4]")]
    [InlineData("U8", "[0]", "[0,4]")]
    [InlineData("F32", "[]", "[0,0]")]
    [InlineData("F4", "[4]", "[0,4]")]
    [InlineData("U8", "[4]", "[0,9223372036854775807]")]
    public void Offsets_that_enclose_more_or_less_than_the_shape(string dtype, string shape, string offsets) =>
        AssertRefused(SafetensorsFault.LengthMismatch, $"{{\"a\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}", "a");

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("1")]
    [InlineData("{\"a\":1}")]
    [InlineData("{\"a\":null}")]
    [InlineData("{\"a\":true}")]
    [InlineData("{\"a\":{\"b\":\"c\"}}")]
    [InlineData("{\"a\":[\"b\"]}")]
    public void Metadata_that_is_not_an_object_of_strings(string metadata) =>
        AssertRefused(SafetensorsFault.MetadataInvalid, "{\"__metadata__\":" + metadata + "}");

    [Fact]
    public void A_name_that_would_forge_a_line_of_a_build_log()
    {
        SafetensorsFormatException e = RawFile.Refuse(RawFile.Bytes("{\"a\\n/x: error LORA1: forged\\u2028\":1}", 0));

        Assert.Equal("a\n/x: error LORA1: forged\u2028", e.TensorName);
        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain('\u2028', e.Message);
    }

    [Fact]
    public void A_name_as_long_as_the_header_does_not_fill_the_message()
    {
        SafetensorsFormatException e = RawFile.Refuse(RawFile.Bytes("{\"" + new string('a', 1_000_000) + "\":1}", 0));

        Assert.InRange(e.Message.Length, 1, 500);
    }

    [Fact]
    public void A_message_says_what_was_expected_and_found()
    {
        SafetensorsFormatException e = RawFile.Refuse(RawFile.Bytes("{\"a\":{\"dtype\":\"BF16\",\"shape\":[8,4],\"data_offsets\":[0,60]}}", 60));

        Assert.Equal("Tensor 'a': its offsets [0, 60] enclose 60 bytes, but [8, 4] of BF16 takes 64.", e.Message);
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"extra\":{\"b\":[1,{}]}}}")] // the reference ignores other fields
    [InlineData("{\"a\":{\"data_offsets\":[0,4],\"sh\\u0061pe\":[4],\"dtype\":\"\\u00558\"}}")]
    [InlineData("{\"__metadata__\":null,\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F4\",\"shape\":[2,4],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}")]
    public void Odd_but_legal_entries_are_read(string json)
    {
        SafetensorsHeader header = RawFile.Read(RawFile.Bytes(json, 4));

        Assert.Equal(4, Assert.Single(header.Tensors).ByteLength);
        Assert.Empty(header.Metadata);
    }

    private static void AssertShapeRefused(string dtype, string shape) =>
        AssertRefused(SafetensorsFault.ShapeInvalid, $"{{\"a\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[0,4]}}}}", "a");

    private static void AssertRefused(SafetensorsFault fault, string json, string? tensorName = null)
    {
        SafetensorsFormatException e = RawFile.Refuse(RawFile.Bytes(json, 4));

        Assert.Equal(fault, e.Fault);
        if (tensorName is not null)
            Assert.Equal(tensorName, e.TensorName);
    }
}
