using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>A library's way to save adapters: how its files are recognised, dated and read to an <see cref="Adapter"/>.</summary>
internal abstract class AdapterDialect
{
    /// <summary>The library.</summary>
    public abstract string Library { get; }

    /// <summary>Whether the models of the library have an output head of their own where the base's files tie it to the embedding.</summary>
    internal virtual bool HasHeadWhereTied => true;

    /// <summary>Whether it keeps ties unless told otherwise, so that this is nothing to be mentioned.</summary>
    internal virtual bool KeepsTiesAlways => false;

    /// <summary>Whether an adapter is the library's, by its configuration, or by its files where it has none.</summary>
    /// <exception cref="LoraMergeException">It is, in a form that is refused.</exception>
    internal abstract bool Owns(AdapterSource source);

    /// <summary>The weight file of an adapter. Other files beside it, such as saves during training, are none of the adapter's.</summary>
    /// <exception cref="LoraMergeException">LORA3003, 3046.</exception>
    internal abstract string Weights(AdapterSource source);

    /// <summary>The releases that may have written an adapter.</summary>
    internal abstract AdapterOrigin Date(AdapterSource source);

    /// <summary>Reads an adapter.</summary>
    /// <param name="source">Its files.</param>
    /// <param name="origin">Which releases may have written it.</param>
    /// <exception cref="LoraMergeException">LORA2002, 2003, 3002 to 3060.</exception>
    internal abstract Adapter Read(AdapterSource source, AdapterOrigin origin);

    /// <summary>The library that gives tensors such names, where it is another one; else null.</summary>
    internal virtual string? OtherLibraryOf(string tensor) => null;

    /// <summary>Refuses a base whose weights the library changes when it loads them.</summary>
    /// <exception cref="LoraMergeException">LORA3045.</exception>
    internal virtual void ThrowIfBaseIsChanged(Adapter adapter, ModelConfig config) { }
}
