using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Gguf.Layout;

/// <summary>What a user asks for: which types the tensors of a file get. The names are llama.cpp's.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "Spelled as llama.cpp spells them.")]
internal enum GgufQuantization
{
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0,
    Q4_K_S,
    Q4_K_M,
    Q5_K_M,
    Q6_K,
}
