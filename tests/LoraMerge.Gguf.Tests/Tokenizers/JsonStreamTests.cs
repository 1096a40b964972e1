using System.Text;
using System.Text.Json;
using LoraMerge.Gguf.Tokenizers;

namespace LoraMerge.Gguf.Tests.Tokenizers;

/// <summary>JSON that is read piece by piece is what it is when it is read whole, wherever the pieces end.</summary>
public sealed class JsonStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_530)]
    [InlineData(65_536)]
    [InlineData(200_000)] // longer than several pieces
    public void Tokens_may_lie_across_pieces(int length)
    {
        byte[] json = Encoding.UTF8.GetBytes(
            $$$"""{"a": "{{{new string('x', length)}}}", "merges": [["é", "ü\n"], 1.5e3, true, null], "long\u0041": {"b": [-12345678901, {}]}}""");

        Assert.Equal(Whole(json), Pieces(new MemoryStream(json)));
        Assert.Equal(Whole(json), Pieces(new MemoryStream([0xEF, 0xBB, 0xBF, .. json])));
        Assert.Equal(Whole(json), Pieces(new Dripping(json)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"a\": ")]
    [InlineData("{} {}")]
    [InlineData("{\"a\": 1,}")]
    public void What_is_no_JSON_is_a_fault(string text) => Assert.ThrowsAny<JsonException>(() => Pieces(new MemoryStream(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void A_value_that_is_passed_over_may_lie_across_pieces()
    {
        byte[] json = Encoding.UTF8.GetBytes($$"""{"a": [{{string.Join(", ", Enumerable.Range(0, 30_000).Select(i => $"{{\"{i}\": [{i}]}}"))}}], "b": 7}""");
        var stream = new JsonStream(new MemoryStream(json));

        while (stream.Read() && stream.Reader.TokenType != JsonTokenType.PropertyName)
        {
        }
        stream.Read();
        stream.Skip();
        stream.Read();

        Assert.Equal("b", stream.Reader.GetString());
    }

    /// <summary>A tokenizer of this size took several times its bytes when it was read as a tree.</summary>
    [Fact]
    public void Of_a_large_tokenizer_no_more_is_held_than_its_texts()
    {
        var json = new StringBuilder("{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \"vocab\": {");
        const int tokens = 100_000;
        for (int i = 0; i < tokens; i++)
            json.Append(i == 0 ? "" : ", ").Append(System.Globalization.CultureInfo.InvariantCulture, $"\"t{i}\": {i}");
        json.Append("}, \"merges\": [");
        for (int i = 0; i < tokens; i++)
            json.Append(i == 0 ? "" : ",\n        ").Append(System.Globalization.CultureInfo.InvariantCulture, $"[\n        \"t\",\n        \"{i}\"\n      ]");
        var counted = new Dripping(Encoding.UTF8.GetBytes(json.Append("]}, \"added_tokens\": []}").ToString()), longest: int.MaxValue);

        TokenizerFile file = TokenizerFile.Read(counted, keepsModel: true);

        Assert.InRange(counted.LongestRead, 1, 1 << 17);
        Assert.Equal(tokens, file.Tokens.Length);
        Assert.Equal(("t99999", 99_999L), file.Tokens[^1]);
        Assert.Equal(new BytePairMerge("t99999", 1), file.Merges[^1]);
        Assert.Equal("""{"version":"1.0","model":{"type":"BPE"},"added_tokens":[]}""", file.Json.GetRawText());
    }

    private static List<string> Whole(byte[] json)
    {
        var tokens = new List<string>();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            tokens.Add(TextOf(ref reader));
        return tokens;
    }

    private static List<string> Pieces(Stream stream)
    {
        var tokens = new List<string>();
        var json = new JsonStream(stream);
        while (json.Read())
            tokens.Add(TextOf(ref json.Reader));
        return tokens;
    }

    private static string TextOf(ref Utf8JsonReader reader) => $"{reader.TokenType} {reader.CurrentDepth} "
        + (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? reader.GetString() : Encoding.UTF8.GetString(reader.ValueSpan));

    /// <summary>Gives few bytes at a time, as a pipe does, and counts how many it was asked for.</summary>
    private sealed class Dripping(byte[] bytes, int longest = 1000) : MemoryStream(bytes)
    {
        public int LongestRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            LongestRead = Math.Max(LongestRead, buffer.Length);
            return base.Read(buffer[..Math.Min(buffer.Length, longest)]);
        }
    }
}
