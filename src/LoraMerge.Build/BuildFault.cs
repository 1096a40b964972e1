namespace LoraMerge.Build;

/// <summary>Something that is wrong with a project, ready to be logged.</summary>
/// <param name="Code"><c>LORA</c> and four digits.</param>
/// <param name="Text">What is wrong and what to do, without the code.</param>
/// <param name="Metadata">The metadata to point at; null points at Include.</param>
/// <param name="IsLast">Whether to point at the last of several items that say the same, else at the first.</param>
internal sealed record BuildFault(string Code, string Text, string? Metadata = null, bool IsLast = false);
