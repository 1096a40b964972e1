using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Requests;

/// <summary>The files that decide a merged model, with their sizes and times when the merge began.</summary>
/// <param name="Roots">The base, then the adapters in order.</param>
/// <param name="Taken">When the stamps were read, in UTC; contents are read later.</param>
internal sealed record InputSnapshot(ImmutableArray<InputRoot> Roots, DateTime Taken)
{
    /// <exception cref="LoraMergeException">LORA1107, LORA1110, LORA1130.</exception>
    public static InputSnapshot Take(MergeRequest request)
    {
        DateTime now = DateTime.UtcNow;
        InputRoot[] roots =
        [
            InputListing.OfBase(request.BaseModel, request.FetchedBase),
            .. request.Adapters.Select((adapter, i) => InputListing.OfAdapter(adapter.Path, i + 1, adapter.Fetched)),
        ];
        return new InputSnapshot([.. roots], now);
    }

    /// <summary>
    /// Holds files to their stamps and to the system's time of change. The latter alone counts too: the file may have been replaced between being read and
    /// being hashed, so that its hash proves nothing.
    /// </summary>
    /// <param name="hashed">The files, as they were listed.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1111.</exception>
    public static void ThrowIfChanged(IEnumerable<HashedInput> hashed)
    {
        foreach (HashedInput input in hashed.Where(input => !IsAsItWas(input)))
            throw Errors.InputChangedDuringMerge(input.File.FullPath);
    }

    private static bool IsAsItWas(HashedInput input)
    {
        string path = input.File.FullPath;
        try
        {
            return FileStamp.Of(path) == input.File.Stamp && ChangeTime.TicksOf(path) == input.File.ChangedTicks;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }
}
