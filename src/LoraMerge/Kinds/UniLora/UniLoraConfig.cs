using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.UniLora;

/// <summary>What the configuration of a Uni-LoRA adapter says.</summary>
/// <param name="Rank">r.</param>
/// <param name="Seed"><c>proj_seed</c>: what the places in the list are drawn from where the file does not hold them.</param>
/// <param name="Targets">Which modules are adapted.</param>
internal sealed record UniLoraConfig(int Rank, long Seed, TargetModules Targets) : KindConfig
{
    /// <summary>PEFT's.</summary>
    public const int DefaultSeed = 42;

    /// <summary>What live models may have before the names of a base's files.</summary>
    private static readonly ImmutableArray<string> Bodies = ["", "model.", "transformer."];

    internal override int? LargestRank => Rank;

    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes) =>
        tensors.HasShared(UniLoraKind.Theta) ? [.. tensors.Modules.Select(Read)] : throw Errors.HalfAPair("base_model", UniLoraKind.Theta.Name, tensors.Path);

    /// <summary>A file without places has no tensors of its modules: the base tells which there are, and how large.</summary>
    internal override Adapter Complete(Adapter adapter, Checkpoint checkpoint)
    {
        if (!adapter.Modules.IsEmpty)
            return adapter;
        Dictionary<string, TensorSource> weights = checkpoint
            .Tensors
            .Where(tensor => tensor.Shape.Length == 2 && tensor.Name.EndsWith(".weight", StringComparison.Ordinal))
            .Select(tensor => (Path: tensor.Name[..^".weight".Length], Tensor: tensor))
            .Concat(TiedHead(checkpoint))
            .Where(pair => Bodies.Any(body => Targets.Match(body + pair.Path)))
            .ToDictionary(pair => pair.Path, pair => pair.Tensor, StringComparer.Ordinal);
        ImmutableArray<string> order = ModuleOrder.Sort(weights.Keys, checkpoint.Config.ModelType, out (string First, string Second)? unknown);
        if (unknown is var (first, second))
            throw Errors.ModuleOrderUnknown(first, second, adapter.Path);
        StoredTensor theta = adapter.Tensors.First(tensor => AdapterKey.Parse(tensor.Name, [UniLoraKind.Theta])?.Role == UniLoraKind.Theta);
        (long Outputs, long Inputs)[] sides = [.. order.Select(path => Sides(path, weights[path], checkpoint, adapter))];
        var draw = new UniLoraDraw(Seed, theta.ElementCount, Rank * sides.Sum(side => side.Outputs + side.Inputs));
        var modules = new List<AdaptedModule>();
        long place = 0;
        foreach ((string path, (long outputs, long inputs)) in order.Zip(sides))
        {
            modules.Add(
                new UniLoraModule(
                    path,
                    theta,
                    new UniLoraFactor(theta, null, null, draw, place, Rank, inputs, null),
                    new UniLoraFactor(theta, null, null, draw, place + (Rank * inputs), outputs, Rank, null)
                )
            );
            place += Rank * (inputs + outputs);
        }
        return adapter with { Modules = [.. modules.OrderBy(module => module.Path, StringComparer.Ordinal)] };
    }

    /// <summary>A head that the files hold as the embedding alone is a layer of the model all the same.</summary>
    private static IEnumerable<(string Path, TensorSource Tensor)> TiedHead(Checkpoint checkpoint) =>
        Vocabulary.Of(checkpoint, hasHead: true) is { IsTied: true, Head: string head } && !checkpoint.TryFind(head + ".weight", out _)
        && Vocabulary.WeightOf(head, checkpoint) is TensorSource weight ? [(head, weight)] : [];

    internal override IEnumerable<(string Name, object Value)> Facts(Adapter adapter) =>
        !adapter.Modules.IsEmpty
            ? base.Facts(adapter)
            :
            [
                (
                    "in words",
                    "It changes the weights of "
                        + (Targets.Expression is string expression ? $"the modules that match {expression}." : $"{string.Join(", ", Targets.Names)}.")
                ),
            ];

    private UniLoraModule Read(ModuleTensors tensors)
    {
        StoredTensor theta = tensors.NeededShared(UniLoraKind.Theta);
        StoredTensor a = tensors.Needed(UniLoraKind.IndicesA),
            b = tensors.Needed(UniLoraKind.IndicesB),
            scalesA = tensors.Needed(UniLoraKind.ScalesA),
            scalesB = tensors.Needed(UniLoraKind.ScalesB);
        if (a.Shape[0] != Rank || b.Shape[1] != Rank)
            throw Errors.RankMismatch(UniLoraKind.IndicesA.Name, tensors.Name, a.Shape[0] != Rank ? a : b, Rank);
        if (!a.Shape.AsSpan().SequenceEqual(scalesA.Shape.AsSpan()) || !b.Shape.AsSpan().SequenceEqual(scalesB.Shape.AsSpan()))
            throw Errors.TensorsDoNotFit(tensors.Name, [a, scalesA, b, scalesB], "there must be a factor for each place");
        return new UniLoraModule(
            tensors.Name,
            theta,
            new UniLoraFactor(theta, a, scalesA, null, 0, Rank, a.RowLength, null),
            new UniLoraFactor(theta, b, scalesB, null, 0, b.RowCount, Rank, null)
        );
    }

    private static (long Outputs, long Inputs) Sides(string path, TensorSource weight, Checkpoint checkpoint, Adapter adapter) =>
        Orientation.OfSquare(path, weight, checkpoint, adapter) ? (weight.Shape[1], weight.Shape[0]) : (weight.Shape[0], weight.Shape[1]);
}
