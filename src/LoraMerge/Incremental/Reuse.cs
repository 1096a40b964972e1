using System.Collections.Immutable;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge.Incremental;

/// <summary>A plan that takes from an earlier model of the store what need not be computed again.</summary>
/// <param name="Plan">What is left to do.</param>
/// <param name="Outcomes">What the earlier merge did to the tensors that are taken over.</param>
internal sealed record Reuse(MergePlan Plan, ImmutableArray<TensorOutcome> Outcomes)
{
    /// <summary>Nothing is there to be taken over.</summary>
    public static Reuse None(MergePlan plan) => new(plan, []);

    /// <summary>Takes over as many bytes as one of the store's models of that name allows.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111: an adapter's tensor cannot be read.</exception>
    public static Reuse Of(MergePlan plan, string store, string modelName, Recipes recipes)
    {
        EarlierModel[] earlier = [.. StoreEntry.NamesFor(store, modelName).Select(name => EarlierModel.TryOpen(store, name)).OfType<EarlierModel>()];
        return earlier.Select(model => Of(plan, model, recipes)).MaxBy(reuse => reuse.SavedBytes) is { SavedBytes: > 0 } best ? best : None(plan);
    }

    private long SavedBytes => Plan.Shards.Where(shard => shard.Earlier is not null).Sum(shard => shard.ByteLength) + Outcomes.Sum(outcome => outcome.Tensor.ByteLength);

    private static Reuse Of(MergePlan plan, EarlierModel earlier, Recipes recipes)
    {
        var outcomes = ImmutableArray.CreateBuilder<TensorOutcome>();
        ImmutableArray<PlannedShard> shards =
        [
            .. plan.Shards.Select(shard => shard with { Earlier = earlier.Find(shard, recipes.Of(shard)), Tensors = [.. shard.Tensors.Select(Take)] }),
        ];
        return new Reuse(plan with { Shards = shards }, outcomes.ToImmutable());

        PlannedTensor Take(PlannedTensor tensor)
        {
            if (tensor is not PlannedTensor.Computed computed || earlier.Find(computed, recipes.Of(computed)) is not var (stored, made))
                return tensor;
            outcomes.Add(new TensorOutcome(computed, made.ChangedShare, [.. made.Deltas.Select(delta => delta.Norm)]));
            return new PlannedTensor.PassThrough(tensor.Name, stored);
        }
    }
}
