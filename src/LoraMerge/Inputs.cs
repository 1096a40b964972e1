using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Incremental;
using LoraMerge.Planning;

namespace LoraMerge;

/// <summary>A request with its base model and adapters opened: headers and configurations, no tensor bytes.</summary>
internal sealed record Inputs(MergeRequest Request, Checkpoint Checkpoint, ImmutableArray<Adapter> Adapters)
{
    /// <summary>Name of the merged model.</summary>
    public string Name => Request.Name ?? Checkpoint.Name;

    public ImmutableArray<string> AdapterNames => [.. Adapters.Select(adapter => adapter.Name)];

    /// <summary>What decides the result besides the inputs' bytes.</summary>
    public ModelOptions Options => new()
    {
        Name = Name,
        BaseName = ModelOptions.NameOf(Request.BaseModel),
        BaseVersion = Request.BaseVersion,
        Adapters = [.. Request.Adapters.Select(adapter => new AdapterOptions(ModelOptions.NameOf(adapter.Path), adapter.Weight, adapter.Version, adapter.BaseVersionRange, ExpertLayouts.NameOf(adapter.ExpertLayout), adapter.AdapterVersion))],
        DType = Request.DType.ToString(),
        MaxShardSize = Request.MaxShardSize?.Text,
        Device = Request.Device,
        OnUnmatched = Request.AcceptsUnmatched ? "warn" : "error",
    };

    /// <exception cref="Diagnostics.LoraMergeException">LORA1104, 1105, 1107, 2xxx, 3xxx.</exception>
    public static Inputs Open(MergeRequest request)
    {
        VersionRanges.ThrowIfUnsatisfied(request);
        Checkpoint checkpoint = Checkpoint.Open(request.BaseModel);
        return new Inputs(request, checkpoint, [.. request.Adapters.Select(adapter => Adapter.Open(adapter.Path, adapter.AdapterVersion))]);
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA4001 to 4015.</exception>
    public MergePlan Plan() => MergePlanner.Plan(
        Checkpoint,
        [.. Adapters.Zip(Request.Adapters, (adapter, asked) => new PlannedAdapter(adapter, asked.Weight) { ExpertLayout = asked.ExpertLayout })],
        new PlanOptions(Request.DType, Request.MaxShardSize?.Bytes, Request.AcceptsUnmatched));
}
