using System.Collections.Immutable;
using LoraMerge.Diagnostics;

namespace LoraMerge.Incremental;

/// <summary>The files that decide a merged model, with their sizes and times when the merge began.</summary>
/// <param name="Roots">The base, then the adapters in order.</param>
/// <param name="Taken">When the stamps were read, in UTC; contents are read later.</param>
internal sealed record InputSnapshot(ImmutableArray<InputRoot> Roots, DateTime Taken)
{
    public static InputSnapshot Take(MergeRequest request)
    {
        DateTime now = DateTime.UtcNow;
        return new InputSnapshot(
        [
            InputFiles.OfBase(Path.GetFullPath(request.BaseModel)),
            .. request.Adapters.Select((adapter, i) => InputFiles.OfAdapter(Path.GetFullPath(adapter.Path), i + 1)),
        ], now);
    }

    /// <exception cref="LoraMergeException">LORA1111.</exception>
    public void ThrowIfChanged()
    {
        foreach (InputFile file in Roots.SelectMany(root => root.Files))
        {
            if (!File.Exists(file.FullPath) || FileStamp.Of(file.FullPath) != file.Stamp)
                throw Errors.InputChangedDuringMerge(file.FullPath);
        }
    }
}
