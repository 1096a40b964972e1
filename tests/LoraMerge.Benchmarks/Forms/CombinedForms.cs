using LoraMerge.Combinations;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>Two adapters made one, in every way.</summary>
internal static class CombinedForms
{
    public const string Name = "model.layers.0.self_attn.q_proj.weight";
    public const string Module = "model.layers.0.self_attn.q_proj";
    public const double Density = 0.5;
    public const double FirstWeight = 0.75;
    public const double SecondWeight = 0.5;

    public static IEnumerable<Form> All =>
    [
        Of(CombinationWay.Linear, x => Combining.OnFactors(x, Combining.Linear)),
        Of(CombinationWay.Cat, Combining.Cat),
        Of(CombinationWay.Svd, Combining.Svd),
        Of(CombinationWay.MagnitudePrune, x => Combining.OnFactors(x, Combining.MagnitudePrune)),
        Of(CombinationWay.Ties, x => Combining.OnFactors(x, Combining.Ties)),
        Of(CombinationWay.DareLinear, x => Combining.OnFactors(x, Combining.DareLinear)),
        Of(CombinationWay.DareTies, x => Combining.OnFactors(x, Combining.DareTies)),
        Of(CombinationWay.MagnitudePruneSvd, x => Combining.OnProducts(x, Combining.MagnitudePrune)),
        Of(CombinationWay.TiesSvd, x => Combining.OnProducts(x, Combining.Ties)),
        Of(CombinationWay.DareLinearSvd, x => Combining.OnProducts(x, Combining.DareLinear)),
        Of(CombinationWay.DareTiesSvd, x => Combining.OnProducts(x, Combining.DareTies)),
    ];

    private static Form Of(CombinationWay way, Action<Workspace> direct) =>
        new(
            $"combination {way.Text}",
            [new(Name, Form.Side, Form.Side)],
            [
                FormAdapter.Lora(Module, Form.Side, Form.Side) with
                {
                    Weight = FirstWeight,
                },
                FormAdapter.Lora(Module, Form.Side, Form.Side) with
                {
                    Weight = SecondWeight,
                },
            ],
            direct
        )
        {
            Combination = new Combination(way) { Density = way.Prunes ? Combinations.Density.Of(Density) : null },
            IsComparable = !way.PrunesAtRandom,
        };
}
