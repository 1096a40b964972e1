using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>
/// The pieces of a tokenizer.model: a protocol buffer whose field 1, repeated, is a piece of 1 text, 2 score, 3 type. Nothing else of it is needed.
/// </summary>
internal static class SentencePieceModel
{
    public const string FileName = "tokenizer.model";

    private const int Varint = 0;
    private const int EightBytes = 1;
    private const int LengthDelimited = 2;
    private const int FourBytes = 5;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public sealed record Piece(string Text, float Score, TokenType Type);

    /// <summary>Whether a file begins as such a model does; Llama 3 has a file of this name that is something else.</summary>
    public static bool Begins(ReadOnlySpan<byte> bytes) => bytes is [(1 << 3) | LengthDelimited, ..];

    /// <exception cref="GgufLayoutException">TokenizerInvalid.</exception>
    public static ImmutableArray<Piece> Read(ReadOnlySpan<byte> bytes)
    {
        var pieces = ImmutableArray.CreateBuilder<Piece>();
        while (!bytes.IsEmpty)
        {
            (int field, int kind) = ReadTag(ref bytes);
            if (field == 1 && kind == LengthDelimited)
                pieces.Add(ReadPiece(ReadBlock(ref bytes), pieces.Count));
            else
                Skip(ref bytes, kind);
        }

        return pieces.Count > 0 ? pieces.DrainToImmutable() : throw Invalid("it holds no pieces");
    }

    private static Piece ReadPiece(ReadOnlySpan<byte> bytes, int number)
    {
        string? text = null;
        float score = 0;
        ulong type = (ulong)TokenType.Normal;
        while (!bytes.IsEmpty)
        {
            switch (ReadTag(ref bytes))
            {
                case (1, LengthDelimited):
                    text = ReadText(ReadBlock(ref bytes), number);
                    break;
                case (2, FourBytes):
                    score = BinaryPrimitives.ReadSingleLittleEndian(Take(ref bytes, sizeof(float)));
                    break;
                case (3, Varint):
                    type = ReadVarint(ref bytes);
                    break;
                case (_, int kind):
                    Skip(ref bytes, kind);
                    break;
            }
        }

        if (text is null || type is < (ulong)TokenType.Normal or > (ulong)TokenType.Byte || !float.IsFinite(score))
            throw Invalid(FormattableString.Invariant($"piece {number} has no text, an unknown type ({type}) or a score that is no number"));
        return new Piece(text, score, (TokenType)type);
    }

    private static string ReadText(ReadOnlySpan<byte> bytes, int number)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Invalid(FormattableString.Invariant($"the text of piece {number} is not UTF-8"));
        }
    }

    private static (int Field, int Kind) ReadTag(ref ReadOnlySpan<byte> bytes)
    {
        ulong tag = ReadVarint(ref bytes);
        return tag >> 3 is > 0 and <= int.MaxValue ? ((int)(tag >> 3), (int)(tag & 7)) : throw Invalid("a field has no number");
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(ref bytes, 1)[0];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }

        throw Invalid("a number is too long");
    }

    private static ReadOnlySpan<byte> ReadBlock(ref ReadOnlySpan<byte> bytes) => Take(ref bytes, ReadVarint(ref bytes));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, ulong length)
    {
        if (length > (ulong)bytes.Length)
            throw Invalid("it is cut off");
        ReadOnlySpan<byte> taken = bytes[..(int)length];
        bytes = bytes[(int)length..];
        return taken;
    }

    private static void Skip(ref ReadOnlySpan<byte> bytes, int kind)
    {
        switch (kind)
        {
            case Varint:
                ReadVarint(ref bytes);
                break;
            case EightBytes:
                Take(ref bytes, sizeof(ulong));
                break;
            case LengthDelimited:
                ReadBlock(ref bytes);
                break;
            case FourBytes:
                Take(ref bytes, sizeof(uint));
                break;
            default:
                throw Invalid("a field is of no kind that protocol buffers have");
        }
    }

    private static GgufLayoutException Invalid(string reason) => LayoutErrors.TokenizerInvalid(FileName, reason);
}
