using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.SuperTuning;

/// <summary>Single numbers, with a product beside them.</summary>
public sealed class SuperTuningTests : KindContract
{
    private protected override string PeftType => "SUPERTUNING";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        int count = outputs * inputs / 4;
        Matrix values = layer.Tensor("supertuning_values", count), places = layer.Indices("supertuning_indices", outputs * inputs, 3, count);
        Matrix a = layer.Tensor("supertuning_lora_A.weight", 2, inputs), b = layer.Tensor("supertuning_lora_B.weight", outputs, 2);
        Dictionary<int, double> added = Enumerable.Range(0, count).ToDictionary(n => (int)places.Values[n], n => (double)values.Values[n]);
        return layer.Example(
            "\"sparsity\": 0.75, \"r\": 2, \"lora_alpha\": 6",
            (o, i) => added.GetValueOrDefault((o * inputs) + i) + (3 * Layer.Product(b, a, o, i)),
            values,
            places,
            a,
            b
        ) with
        {
            Optional = [places.Name],
        };
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Places_that_the_file_does_not_hold_are_those_of_the_largest_or_the_least_numbers(bool selectsLargest)
    {
        Layer layer = Layer.Linear(12, 8);
        Matrix values = layer.Tensor("supertuning_values", 24);
        int[] places = [.. Enumerable.Range(0, 96).OrderBy(n => Math.Abs(layer.Weight.Values[n]) * (selectsLargest ? -1 : 1)).Take(24)];
        KindExample example = layer.Example("", (o, i) => Array.IndexOf(places, (o * 8) + i) is var n and >= 0 ? values.Values[n] : 0, values);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With(
            $"\"peft_type\": \"SUPERTUNING\", \"sparsity\": 0.75, \"select_top\": {(selectsLargest ? "true" : "false")}, \"save_precomputed_indices\": false",
            values
        );

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[layer.Weight.Name], merged[layer.Weight.Name]);
        Assert.Contains(folder.Plan().Notes.OfType<MergeEvent.Warning>(), note => note.Code == DiagnosticCode.ChangedPlacesAssumed);
        folder.Passed();
    }
}
