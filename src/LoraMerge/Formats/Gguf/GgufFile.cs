using LoraMerge.Gguf.Container;

namespace LoraMerge.Formats.Gguf;

/// <summary>A file before its data.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Layout">Its header, and where each tensor goes.</param>
internal sealed record GgufFile(string Name, GgufFileLayout Layout);
