using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.TinyLora;

public sealed class TinyLoraTests : KindContract
{
    private protected override string PeftType => "TINYLORA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    /// <summary>Modules are counted in the order of the model's class: query before down projection, layer 2 before layer 10.</summary>
    [Theory]
    [InlineData(0, 0, 1, 2, 3)]
    [InlineData(0.5, 0, 0, 1, 1)]
    [InlineData(0.25, 0, 1, 2, 2)] // of 4·0.75 = 3 groups, each of one, the last has what is left
    [InlineData(1, 0, 0, 0, 0)]
    public async Task Modules_share_numbers_by_their_order(double tying, params int[] groups)
    {
        Layer[] layers =
        [
            .. (
                (string[])
                    ["model.layers.2.self_attn.q_proj", "model.layers.2.mlp.down_proj", "model.layers.10.self_attn.q_proj", "model.layers.10.mlp.down_proj"]
            ).Select(module => Layer.Linear(4, 8, module)),
        ];
        Matrix[] numbers = [.. groups.Distinct().Select(group => Matrix.Of($"base_model.tinylora_v.{group}", 3))];
        using TinyFolder folder = new TinyFolder("""{ "model_type": "llama" }""", [.. layers.Select(layer => layer.Weight)]).With(
            $"\"peft_type\": \"TINYLORA\", \"r\": 2, \"u\": 3, \"weight_tying\": {tying.ToString(System.Globalization.CultureInfo.InvariantCulture)}",
            [.. numbers, .. layers.SelectMany(Fixed)]
        );

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        foreach ((Layer layer, int group) in layers.Zip(groups))
            Matrix.AssertNear(layer.Plus(Change(layer, numbers[group])), merged[layer.Weight.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task An_order_that_is_not_known_is_refused_where_it_matters()
    {
        Layer[] layers = [Layer.Linear(4, 8, "net.first"), Layer.Linear(4, 8, "net.other")];
        using TinyFolder folder = new TinyFolder("{}", [.. layers.Select(layer => layer.Weight)]).With(
            "\"peft_type\": \"TINYLORA\", \"r\": 2, \"u\": 3",
            [Matrix.Of("base_model.tinylora_v.0", 3), Matrix.Of("base_model.tinylora_v.1", 3), .. layers.SelectMany(Fixed)]
        );

        Assert.Equal(DiagnosticCode.ModuleOrderUnknown, await folder.MergeFails());
        folder.Passed();
    }

    private static Matrix[] Fixed(Layer layer) =>
        [layer.Tensor("tinylora_A", 2, layer.Inputs), layer.Tensor("tinylora_B", layer.Outputs, 2), layer.Tensor("tinylora_P", 3, 2, 2)];

    private static Func<int, int, double> Change(Layer layer, Matrix numbers)
    {
        if (Fixed(layer) is not [var a, var b, var p])
            throw new InvalidOperationException();
        return (o, i) =>
        {
            double sum = 0;
            for (int u = 0; u < 3; u++)
            {
                for (int row = 0; row < 2; row++)
                {
                    for (int column = 0; column < 2; column++)
                        sum += b[o, row] * numbers.Values[u] * p.Values[(((u * 2) + row) * 2) + column] * a[column, i];
                }
            }
            return sum;
        };
    }

    private static KindExample Of(Layer layer)
    {
        Matrix numbers = Matrix.Of("base_model.tinylora_v.0", 3);
        return layer.Example("\"r\": 2, \"u\": 3", Change(layer, numbers), [.. Fixed(layer), numbers]) with
        {
            Optional = [layer.Tensor("tinylora_P", 3, 2, 2).Name],
        };
    }
}
