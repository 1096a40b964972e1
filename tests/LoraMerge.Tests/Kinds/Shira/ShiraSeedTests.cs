namespace LoraMerge.Tests.Kinds.Shira;

/// <summary>Numbers at places that a seed draws.</summary>
public sealed class ShiraSeedTests : KindContract
{
    private protected override string PeftType => "SHIRA";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        int count = outputs + inputs;
        Matrix values = layer.Tensor("shira_weight", count);
        return layer.Example(
            "\"r\": 1, \"random_seed\": 5",
            (o, i) => Array.IndexOf(Places(), (long)((o * inputs) + i)) is >= 0 and int n ? values.Values[n] : 0,
            values
        );

        long[] Places() => [.. SeededOrder.Of(outputs * inputs, 5).Take(count).Order()];
    }
}
