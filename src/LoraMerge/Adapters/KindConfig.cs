using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>What an adapter's configuration says that only its kind has, and how the kind's tensors are read with it.</summary>
internal abstract record KindConfig
{
    /// <summary>The largest rank that a module may have; null where the kind has no ranks.</summary>
    internal virtual int? LargestRank => null;

    /// <summary>The adapted modules of a file, which checks the tensors of each among themselves.</summary>
    /// <param name="tensors">The kind's tensors, sorted by module and role. A tensor that is not asked for is an error.</param>
    /// <param name="notes">Gets what the user should know.</param>
    /// <exception cref="LoraMergeException">LORA3004, LORA3008, LORA3009.</exception>
    internal virtual ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes) =>
        [.. tensors.Modules.Select(ReadModule)];

    /// <summary>One adapted module, where each is read by itself.</summary>
    /// <exception cref="LoraMergeException">LORA3004, LORA3008.</exception>
    internal virtual AdaptedModule ReadModule(ModuleTensors tensors) => throw new NotSupportedException();

    /// <summary>The adapter with what only the base tells, such as modules that have no tensors of their own.</summary>
    internal virtual Adapter Complete(Adapter adapter, Checkpoint checkpoint) => adapter;

    /// <summary>What the adapter is, in half a sentence, where the settings say more than its kind; else null.</summary>
    internal virtual string? What => null;

    /// <summary>Facts for <c>inspect</c>: what is changed how strongly, in words and numbers.</summary>
    internal virtual IEnumerable<(string Name, object Value)> Facts(Adapter adapter)
    {
        if (!adapter.Modules.IsEmpty)
            yield return ("in words", $"It changes {AdapterWords.Weights(adapter.Modules.Select(module => module.Path))}.");
    }

    /// <summary>What is not as in most adapters of the kind.</summary>
    internal virtual IEnumerable<string> Oddities(Adapter adapter) => [];
}
