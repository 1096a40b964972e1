namespace LoraMerge.Formats;

/// <summary>A tensor of a weight file whose bytes are made of tensors of the plan, as in GGUF: of one, rounded to blocks, or of several in a stack.</summary>
/// <param name="Name">In the file.</param>
/// <param name="Form">All that decides its bytes besides what it is made of.</param>
/// <param name="SourceCount">Of how many tensors of the plan, which follow one another there; 0 where it is made of none.</param>
/// <param name="ByteLength">Its bytes in the file.</param>
internal sealed record MadeTensor(string Name, string Form, int SourceCount, long ByteLength);
