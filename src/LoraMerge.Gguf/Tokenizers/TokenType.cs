namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Kinds of tokens; the numbers are the format's.</summary>
internal enum TokenType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
