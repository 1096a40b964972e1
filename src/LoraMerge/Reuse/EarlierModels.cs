using LoraMerge.Agreed.Entries;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
using LoraMerge.Manifests;

namespace LoraMerge.Reuse;

/// <summary>The models of one name that a store has, which a new one may take from.</summary>
/// <param name="Store">Folder of the store.</param>
/// <param name="ModelName">Name of the merged model.</param>
/// <param name="MayBeUsed">Not in a rebuild, which does everything anew.</param>
internal sealed record EarlierModels(string Store, string ModelName, bool MayBeUsed)
{
    /// <summary>Whether there are any. Then the hashes of all inputs are known already.</summary>
    /// <exception cref="LoraMergeException">LORA1110: the store cannot be read.</exception>
    public bool IsAny => MayBeUsed && PlacesIn(Store, ModelName).Count > 0;

    /// <exception cref="LoraMergeException">LORA1110, LORA1111: the store, or an adapter's tensor, cannot be read.</exception>
    public ReusedParts Find(ModelLayout layout, Recipes recipes) =>
        ReusedParts.Of(layout, PlacesIn(Store, ModelName).Select(EarlierModel.TryOpen).OfType<EarlierModel>(), recipes);

    /// <summary>The complete entries of a model.</summary>
    /// <exception cref="LoraMergeException">LORA1110: the store cannot be read.</exception>
    public static IReadOnlyList<EntryPlace> PlacesIn(string store, string modelName)
    {
        try
        {
            return [.. EntryPlace.AllOf(modelName, store)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(store, e);
        }
    }
}
