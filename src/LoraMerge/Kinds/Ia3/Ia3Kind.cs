using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Ia3;

/// <summary>(IA)³: one trained factor for each output, or for each input of feed-forward layers.</summary>
internal sealed class Ia3Kind : AdapterKind
{
    /// <summary><c>[out, 1]</c>, or <c>[1, in]</c> of feed-forward layers; <c>[1, channels, 1, 1]</c> of convolutions.</summary>
    public static TensorRole Factors { get; } = new("ia3_l") { IsNeeded = true, Dimensions = [2, 4, 5] };

    public override string PeftType => "IA3";

    public override string Does => "one factor for each output or input of some layers";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Factors];

    internal override ImmutableArray<string> LeafPrefixes => ["ia3_"];

    internal override ImmutableArray<string> Fields { get; } = ["feedforward_modules", "init_ia3_weights"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) =>
        fields.Json["feedforward_modules"] is System.Text.Json.Nodes.JsonValue
            ? new Ia3Config([], Expression(fields))
            : new Ia3Config(fields.Texts("feedforward_modules"), null);

    /// <summary>One text is a regular expression for the whole name.</summary>
    private static ModulePattern<bool>? Expression(ConfigFields fields)
    {
        string pattern = fields.Text("feedforward_modules")!;
        try
        {
            return ModulePattern.Create(pattern, value: true);
        }
        catch (ArgumentException e)
        {
            throw Diagnostics.Errors.AdapterPatternInvalid(fields.File, "feedforward_modules", pattern, e.Message);
        }
    }
}
