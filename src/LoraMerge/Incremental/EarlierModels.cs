using LoraMerge.Planning;

namespace LoraMerge.Incremental;

/// <summary>The models of one name that a store has, which a new one may take from.</summary>
/// <param name="Store">Folder of the store.</param>
/// <param name="ModelName">Name of the merged model.</param>
/// <param name="MayBeUsed">Not in a rebuild, which does everything anew.</param>
internal sealed record EarlierModels(string Store, string ModelName, bool MayBeUsed)
{
    /// <summary>Whether there are any. Then the hashes of all inputs are known already.</summary>
    public bool IsAny => MayBeUsed && StoreEntry.NamesFor(Store, ModelName).Any();

    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111: an adapter's tensor cannot be read.</exception>
    public Reuse Find(MergePlan plan, Recipes recipes) => Reuse.Of(plan, Store, ModelName, recipes);
}
