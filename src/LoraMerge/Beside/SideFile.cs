using LoraMerge.Adapters;

namespace LoraMerge.Beside;

/// <summary>A file that goes beside the weights of the merged model.</summary>
/// <param name="Source">Where it lies, or what it was made of.</param>
/// <param name="RelativePath">Its place in the merged model, with '/'.</param>
internal sealed record SideFile(string Source, string RelativePath)
{
    /// <summary>Its bytes, where it is no copy of <see cref="Source"/>.</summary>
    public byte[]? Content { get; init; }

    /// <summary>Where its bytes come from.</summary>
    public SideSource Bytes => new(Source, Content);

    /// <summary>The adapter that it is of; null for the base.</summary>
    public Adapter? Adapter { get; init; }
}
