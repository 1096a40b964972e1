using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.Glora;

/// <summary>Products, and numbers for the bias.</summary>
public sealed class GloraTests : KindContract
{
    private protected override string PeftType => "GLORA";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs);
        Matrix[] a = Product(layer, "A", outputs, inputs), b = Product(layer, "B", outputs, inputs), c = Product(layer, "C", inputs, 1);
        Matrix d = layer.Tensor("glora_D.X", 1), e = layer.Tensor("glora_E.X", 1);
        return layer.ExampleWithBias(
            "\"r\": 2",
            (o, i) => (layer.At(o, i) * Layer.Product(a[0], a[1], o, i)) + Layer.Product(b[0], b[1], o, i),
            bias =>
                [
                    .. bias.Select(
                        (value, o) =>
                            (value * (1 + d.Values[0])) + e.Values[0] + Enumerable.Range(0, inputs).Sum(i => layer.At(o, i) * Layer.Product(c[0], c[1], i, 0))
                    ),
                ],
            [.. a, .. b, .. c, d, e]
        );
    }

    [Fact]
    public async Task Vectors_and_numbers_and_terms_that_are_left_out_are_told_by_their_tensors()
    {
        Layer layer = Layer.Linear(12, 8);
        Matrix a = layer.Tensor("glora_A.X", 12, 1),
            b = layer.Tensor("glora_B.X", 1),
            c = layer.Tensor("glora_C.X", 8, 1),
            d = layer.Tensor("glora_D.zeros", 12),
            e = layer.Tensor("glora_E.X", 12);
        KindExample example = layer.ExampleWithBias(
            "",
            (o, i) => (layer.At(o, i) * a.Values[o]) + b.Values[0],
            bias => [.. bias.Select((value, o) => value + e.Values[o] + Enumerable.Range(0, 8).Sum(i => layer.At(o, i) * c.Values[i]))],
            a, b, c, d, e);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With("\"peft_type\": \"GLORA\"", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        foreach ((string name, double[] expected) in example.Expected())
            Matrix.AssertNear(expected, merged[name]);
        folder.Passed();
    }

    [Fact]
    public async Task The_second_of_two_takes_its_share_of_the_base()
    {
        KindExample example = OfLinear(12, 8);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base])
            .With("\"peft_type\": \"GLORA\"", [.. example.Adapter]).With("\"peft_type\": \"GLORA\"", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        foreach (Matrix tensor in example.Base)
            Matrix.AssertNear([.. example.Expected()[tensor.Name].Zip(tensor.AsDoubles(), (once, start) => (2 * once) - start)], merged[tensor.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task A_term_for_a_bias_that_the_base_does_not_have_is_refused()
    {
        KindExample example = OfLinear(12, 8);
        using TinyFolder folder = new TinyFolder(example.Config, example.Weight).With("\"peft_type\": \"GLORA\"", [.. example.Adapter]);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.BiasNotInBase, fault?.Code);
        folder.Passed();
    }

    private static Matrix[] Product(Layer layer, string term, int rows, int columns) =>
        [layer.Tensor($"glora_{term}.Xd", rows, 2), layer.Tensor($"glora_{term}.Xu", 2, columns)];
}
