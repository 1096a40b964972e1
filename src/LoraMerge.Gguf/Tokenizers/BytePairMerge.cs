namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Two parts that become one: a tokenizer has some hundred thousand, each of them one text here.</summary>
/// <param name="Text">Both, one after the other.</param>
/// <param name="LeftLength">Length of the left one.</param>
internal readonly record struct BytePairMerge(string Text, int LeftLength);
