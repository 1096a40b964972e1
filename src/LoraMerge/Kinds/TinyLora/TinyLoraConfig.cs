using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.TinyLora;

/// <summary>What the configuration of a TinyLoRA adapter says.</summary>
/// <param name="Rank">r; less where a side of the weight is shorter.</param>
/// <param name="Seed"><c>projection_seed</c>: what the projections are drawn from where the file does not hold them.</param>
/// <param name="Tying"><c>weight_tying</c>: 0 where each module has numbers of its own, 1 where all have the same.</param>
internal sealed record TinyLoraConfig(int Rank, long Seed, double Tying) : KindConfig
{
    /// <summary>PEFT's.</summary>
    public const int DefaultSeed = 42;

    internal override int? LargestRank => Rank;

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        SortedDictionary<string, StoredTensor> numbers = tensors.FindAllShared(TinyLoraKind.Numbers);
        return [.. tensors.Modules.Select(module => Read(module, numbers))];
    }

    /// <summary>Gives each module its place among all, which decides its numbers and its seed.</summary>
    internal override Adapter Complete(Adapter adapter, Checkpoint checkpoint)
    {
        ImmutableArray<TinyLoraModule> modules = [.. adapter.Modules.Cast<TinyLoraModule>()];
        // Python rounds halves to even, too.
        int groups = Math.Max(1, (int)Math.Round(modules.Length * (1 - Tying)));
        ImmutableArray<string> order = ModuleOrder.Sort(
            modules.Select(module => module.Path),
            checkpoint.Config.ModelType,
            out (string First, string Second)? unknown
        );
        if (unknown is var (first, second) && (groups > 1 || modules.Any(module => module.Projection is null)))
            throw Errors.ModuleOrderUnknown(first, second, adapter.Path);
        int size = Math.Max(1, modules.Length / groups);
        return adapter with
        {
            Modules =
            [
                .. modules.Select(module =>
                    order.IndexOf(module.Path) is var place ? module with { Place = place, Group = Math.Min(place / size, groups - 1) } : module
                ),
            ],
        };
    }

    private TinyLoraModule Read(ModuleTensors tensors, SortedDictionary<string, StoredTensor> numbers)
    {
        StoredTensor a = tensors.Needed(TinyLoraKind.A), b = tensors.Needed(TinyLoraKind.B);
        StoredTensor? projection = tensors.Find(TinyLoraKind.Projection);
        long rank = a.Shape[0];
        if (rank > Rank || (rank < Rank && rank != Math.Min(a.Shape[1], b.Shape[0])))
            throw Errors.RankMismatch(TinyLoraKind.A.Name, tensors.Name, a, Rank);
        if (b.Shape[1] != rank || numbers.Values.Any(vector => projection is not null && vector.ElementCount != projection.Shape[0]))
            throw Errors.TensorsDoNotFit(
                tensors.Name,
                projection is null ? [a, b] : [a, b, projection],
                "they must have one rank, and as many projections as there are numbers"
            );
        if (projection is not null && (projection.Shape[1] != rank || projection.Shape[2] != rank))
            throw Errors.TensorsDoNotFit(tensors.Name, [a, projection], "they must have one rank");
        return new TinyLoraModule(tensors.Name, a, b, projection, numbers.ToImmutableDictionary(pair => KeyOf(pair.Key, tensors), pair => pair.Value), Seed);
    }

    private static int KeyOf(string key, ModuleTensors tensors) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int group) ? group : throw tensors.Missing(TinyLoraKind.Numbers);
}
