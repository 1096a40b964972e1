using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Road;

/// <summary>RoAd: pairs of outputs, each turned by its own angle and stretched.</summary>
internal sealed class RoadKind : AdapterKind
{
    /// <summary>Angles; how many for each group of outputs, the variant tells.</summary>
    public static TensorRole Theta { get; } = new("road_theta") { IsNeeded = true, Dimensions = [1] };

    /// <summary>As many lengths.</summary>
    public static TensorRole Alpha { get; } = new("road_alpha") { IsNeeded = true, Dimensions = [1] };

    public override string PeftType => "ROAD";

    public override string Does => "rotations of pairs of outputs, each with its own angle and length";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Theta, Alpha];

    internal override ImmutableArray<string> LeafPrefixes => ["road_"];

    internal override ImmutableArray<string> Fields { get; } = ["group_size", "init_weights", "variant"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general)
    {
        RoadVariant variant = (fields.Text("variant") ?? "road_1") switch
        {
            "road_1" => RoadVariant.PerPair,
            "road_2" => RoadVariant.PerOutput,
            "road_4" => RoadVariant.TwicePerOutput,
            var other => throw fields.Invalid($"\"variant\" is \"{other}\", but road_1, road_2 or road_4 is expected"),
        };
        int group = fields.Integer("group_size") ?? 64;
        return group > 0 && group % 2 == 0
            ? new RoadConfig(variant, group)
            : throw fields.Invalid($"\"group_size\" is {group}, but an even number is expected");
    }
}
