using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>An adapter as one merge applies it.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="Index">Its number in the request, from 0.</param>
/// <param name="Weight">Factor on its change.</param>
/// <param name="ExpertLayout">Order of the columns of B for fused experts, as it was asked for; null for what the adapter says.</param>
/// <param name="Base">The base model; headers only.</param>
/// <param name="PathInBase">Path of a module of the live model in the base's files.</param>
/// <param name="Notes">Gets what the user should know.</param>
internal sealed record AppliedAdapter(
    Adapter Adapter, int Index, double Weight, ExpertLayout? ExpertLayout, Checkpoint Base, Func<string, string> PathInBase, ICollection<MergeEvent> Notes)
{
    public AdapterOrigin Origin => Adapter.Config.Origin;

    /// <summary>
    /// The base's weights of all adapted modules, for kinds that draw or share by the sizes of all; those that the base has under their own names, and that
    /// of a head which is the embedding's.
    /// </summary>
    public IEnumerable<(AdaptedModule Module, TensorSource Weight)> Weights
    {
        get
        {
            foreach (AdaptedModule module in Adapter.Modules)
            {
                if (Vocabulary.WeightOf(PathInBase(module.Path), Base) is TensorSource weight)
                    yield return (module, weight);
            }
        }
    }

    /// <summary>Adds a note, once however many modules call for it.</summary>
    public void Note(MergeEvent note)
    {
        if (!Notes.Contains(note))
            Notes.Add(note);
    }
}
