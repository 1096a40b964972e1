using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Adapters;

/// <summary>A tensor of the base that an adapted module changes.</summary>
/// <param name="Source">The tensor as it starts, under its name in the merged model.</param>
/// <param name="By">The adapter that changes it.</param>
internal sealed record ModuleTarget(TensorSource Source, AppliedAdapter By)
{
    /// <summary>Whether it is known to be stored input by output, or the other way round; null where shapes and architecture have to tell.</summary>
    public bool? KnownTransposed { get; init; }

    /// <summary>The dtype in which the layer held its weight while it was trained: the base's own, also where the adapter's file brings the weight.</summary>
    public DType HeldDType => (Vocabulary.WeightOf(Source.Name[..Math.Max(Source.Name.LastIndexOf('.'), 0)], By.Base) ?? Source).ResultDType;

    /// <summary>Number of the adapter.</summary>
    public int Adapter => By.Index;

    /// <summary>Factor on the adapter's change.</summary>
    public double AdapterWeight => By.Weight;

    /// <summary>Whether a matrix is stored <c>[in, out]</c>, as GPT-2's are, for a module that knows its sides.</summary>
    /// <param name="module">The module.</param>
    /// <param name="outputs">Its outputs; null where its tensors do not tell.</param>
    /// <param name="inputs">Its inputs, for a convolution times the kernel's elements; null where its tensors do not tell.</param>
    /// <exception cref="LoraMergeException">LORA4002: it fits neither way. LORA4004: it fits both ways and nothing decides.</exception>
    public bool IsTransposed(AdaptedModule module, long? outputs, long? inputs) => IsTransposed(
        module,
        fits: Source.Shape.Length >= 2 && (outputs ?? Source.RowCount) == Source.RowCount && (inputs ?? Source.RowLength) == Source.RowLength,
        fitsTransposed: Source.Shape.Length == 2 && (outputs ?? Source.RowLength) == Source.RowLength && (inputs ?? Source.RowCount) == Source.RowCount);

    /// <summary>The same for a module that knows which ways it fits.</summary>
    /// <exception cref="LoraMergeException">LORA4002: it fits neither way. LORA4004: it fits both ways and nothing decides.</exception>
    public bool IsTransposed(AdaptedModule module, bool fits, bool fitsTransposed)
    {
        if (KnownTransposed is bool known)
            return (known ? fitsTransposed : fits) ? known : throw Mismatch(module);
        return (fits, fitsTransposed) switch
        {
            (true, false) => false,
            (false, true) when Orientation.MayBeTransposed(module.Path, Source, By.Adapter) => true,
            (_, false) or (false, true) => throw Mismatch(module),
            _ => Orientation.OfSquare(module.Path, Source, By.Base, By.Adapter),
        };
    }

    /// <summary>The fault of a module whose tensors do not fit.</summary>
    public LoraMergeException Mismatch(AdaptedModule module) => Errors.ShapeMismatch(module, Source, By.Adapter.Path);
}
