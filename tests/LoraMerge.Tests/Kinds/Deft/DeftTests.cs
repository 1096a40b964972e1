using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.Deft;

/// <summary>Directions that are taken out as they are.</summary>
public sealed class DeftTests : KindContract
{
    private protected override string PeftType => "DEFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), isOrthogonal: false);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs), isOrthogonal: false);

    [Fact]
    public async Task The_second_of_two_takes_its_directions_out_of_the_base()
    {
        KindExample example = OfLinear(12, 8);
        string fields = $"\"peft_type\": \"DEFT\", {example.Fields}";
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With(fields, [.. example.Adapter]).With(fields, [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        double[] start = example.Weight.AsDoubles();
        Matrix.AssertNear([.. example.Expected()[example.Weight.Name].Zip(start, (once, w) => (2 * once) - w)], merged[example.Weight.Name]);
        folder.Passed();
    }

    /// <summary>PaRa.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_comes_in_place_of_what_is_only_taken_out(bool isTransposed)
    {
        Layer layer = isTransposed ? Layer.Transposed(12, 8) : Layer.Linear(12, 8);
        Matrix p = layer.Tensor("deft_P", 12, 2);
        KindExample example = layer.Example("", (o, i) => -Removed(layer, p, o, i), p);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With("\"peft_type\": \"DEFT\", \"r\": 2, \"para\": true, \"alpha\": 6", p);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[layer.Weight.Name], merged[layer.Weight.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Another_way_to_project_is_refused_by_name()
    {
        KindExample example = OfLinear(12, 8);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With(
            "\"peft_type\": \"DEFT\", \"decomposition_method\": \"lu\"",
            [.. example.Adapter]
        );

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.AdapterFormNotYetSupported, fault?.Code);
        Assert.Contains("\"lu\"", fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    internal static KindExample Of(Layer layer, bool isOrthogonal)
    {
        Matrix p = layer.Tensor("deft_P", layer.Outputs, 2), r = layer.Tensor("deft_R", 2, layer.Inputs);
        if (!isOrthogonal)
            return layer.Example("\"r\": 2, \"alpha\": 6", (o, i) => (3 * Layer.Product(p, r, o, i)) - Removed(layer, p, o, i), p, r);
        double[,] q = Householder(p);
        return layer.Example(
            "\"r\": 2, \"decomposition_method\": \"qr\"",
            (o, i) => Enumerable.Range(0, 2).Sum(n => q[o, n] * (r[n, i] - Along(layer, (x, y) => q[x, y], n, i))),
            p,
            r
        );
    }

    private static double Removed(Layer layer, Matrix p, int o, int i) =>
        Enumerable.Range(0, 2).Sum(n => p[o, n] * Along(layer, (x, y) => Math.Max(p[x, y], 0), n, i));

    /// <summary>What a column of the weight has along a direction.</summary>
    private static double Along(Layer layer, Func<int, int, double> directions, int n, int i) =>
        Enumerable.Range(0, layer.Outputs).Sum(o => directions(o, n) * layer.At(o, i));

    /// <summary>Gram and Schmidt's vectors with the signs that reflections give: against the diagonal of what is left.</summary>
    private static double[,] Householder(Matrix p)
    {
        int rows = (int)p.Shape[0];
        double[] first = [.. Enumerable.Range(0, rows).Select(o => p[o, 0])];
        double length = Math.Sqrt(first.Sum(x => x * x)), alpha = first[0] > 0 ? -length : length;
        first = [.. first.Select(x => x / alpha)];
        double[] second = [.. Enumerable.Range(0, rows).Select(o => p[o, 1])];
        double along = second.Zip(first, (x, y) => x * y).Sum();
        // The first reflection, v = p₀ - alpha·e₀, takes the second column to what the second reflection sees.
        double[] v = [.. Enumerable.Range(0, rows).Select(o => p[o, 0] - (o == 0 ? alpha : 0))];
        double reflected = second[1] - (2 * v[1] * v.Zip(second, (x, y) => x * y).Sum() / v.Sum(x => x * x));
        second = [.. second.Zip(first, (x, y) => x - (along * y))];
        double rest = Math.Sqrt(second.Sum(x => x * x)) * (reflected > 0 ? -1 : 1);
        var q = new double[rows, 2];
        for (int o = 0; o < rows; o++)
            (q[o, 0], q[o, 1]) = (first[o], second[o] / rest);
        return q;
    }
}
