namespace LoraMerge.Tests.Kinds.Shira;

/// <summary>Numbers at stored places.</summary>
public sealed class ShiraTests : KindContract
{
    private protected override string PeftType => "SHIRA";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        int count = outputs + inputs;
        Matrix values = layer.Tensor("shira_weight", count),
            places = layer.Tensor("shira_indices", 2, count);
        places = places with
        {
            Values = [.. Enumerable.Range(0, count).Select(n => (float)(n * 7 % outputs)), .. Enumerable.Range(0, count).Select(n => (float)(n * 3 % inputs))],
        };
        return layer.Example(
            "\"r\": 1",
            (o, i) => Enumerable.Range(0, count).Where(n => n * 7 % outputs == o && n * 3 % inputs == i).Sum(n => (double)values.Values[n]),
            values,
            places
        );
    }
}
