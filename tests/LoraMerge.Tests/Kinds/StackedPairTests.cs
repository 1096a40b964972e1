using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds;

/// <summary>Pairs of all experts of a layer in tensors of three sides, by the forms in which files have them.</summary>
public sealed class StackedPairTests
{
    private const int Experts = 3;
    private const int Rank = 2;
    private const int Hidden = 4;
    private const int Inner = 5;
    private const string Fields = "\"r\": 2";

    public static TheoryData<string, string> Forms
    {
        get
        {
            var forms = new TheoryData<string, string>();
            foreach (string file in (string[])["apart", "w", "straight", "turned", "in turns"])
            {
                foreach (string pair in (string[])["first", "last", "shared A", "shared B"])
                    forms.Add(file, pair);
            }
            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Each_expert_gets_its_product(string file, string pair)
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) =
            TinyExperts.Weights(Hidden, Inner, (layer, e) => $"model.layers.0.mlp.experts.{e}.{NameOf(layer, file)}.weight");
        (Matrix a, Matrix b) = Pair("gate_up_proj", 2 * Inner, Hidden, pair);
        (Matrix downA, Matrix downB) = Pair("down_proj", Hidden, Inner, pair);
        FusedLayout? layout =
            file switch { "straight" => Layout(FusedWay.Straight), "turned" => Layout(FusedWay.Turned), "in turns" => Layout(FusedWay.TurnedInTurns),
            _ => null };
        // Rows of a product for outputs that take turns take turns themselves.
        bool takesTurns = file == "in turns";
        string family = takesTurns ? "gpt_oss" : "qwen3_moe";
        using TinyFolder folder =
            new TinyFolder($$"""{ "model_type": "{{family}}", "hidden_size": 4 }""", layout is null ? [.. gates, .. ups, .. downs]
            : layout.Fuse(gates, ups, downs))
            .With(Fields, a, b, downA, downB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        double[][] newGates = [.. gates.Select((gate, e) => Half(gate, a, b, e, 0, pair, takesTurns))],
            newUps = [.. ups.Select((up, e) => Half(up, a, b, e, 1, pair, takesTurns))];
        double[][] newDowns = [.. downs.Select((down, e) => Matrix.Add(down.AsDoubles(), OfExpert(downB, e, pair == "last"), OfExpert(downA, e, false), 1))];
        if (layout is null)
        {
            foreach ((Matrix weight, double[] expected) in gates.Zip(newGates).Concat(ups.Zip(newUps)).Concat(downs.Zip(newDowns)))
                Matrix.AssertNear(expected, merged[weight.Name]);
        }
        else
        {
            (double[] gateUp, double[] down) = layout.Fuse(newGates, newUps, newDowns, Hidden, Inner);
            Matrix.AssertNear(gateUp, merged["model.layers.0.mlp.experts.gate_up_proj"]);
            Matrix.AssertNear(down, merged["model.layers.0.mlp.experts.down_proj"]);
        }
        folder.Passed();
    }

    [Fact]
    public async Task Experts_without_a_gate_are_changed_where_they_are_stacked()
    {
        Matrix up = Matrix.Of("model.layers.0.mixer.experts.up_proj", Experts, Inner, Hidden),
            down = Matrix.Of("model.layers.0.mixer.experts.down_proj", Experts, Hidden, Inner);
        Matrix a = Matrix.Of("model.layers.0.mixer.experts.1.up_proj.lora_A.weight", Rank, Hidden),
            b = Matrix.Of("model.layers.0.mixer.experts.1.up_proj.lora_B.weight", Inner, Rank);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "nemotron_h", "hidden_size": 4 }""", up, down).With(Fields, a, b);

        double[] merged = (await folder.Merge()).Tensors[up.Name];

        double[] before = up.AsDoubles();
        int size = Inner * Hidden;
        Matrix.AssertNear([.. before[..size], .. Matrix.Add(before[size..(2 * size)], b, a, 1), .. before[(2 * size)..]], merged);
        folder.Passed();
    }

    [Fact]
    public async Task Factors_of_other_numbers_of_experts_are_refused()
    {
        (Matrix[] gates, Matrix[] ups, Matrix[] downs) = TinyExperts.Weights(Hidden, Inner, (layer, e) => $"mlp.experts.{e}.{layer}.weight");
        using TinyFolder folder = new TinyFolder("""{ "model_type": "qwen3_moe" }""", [.. gates, .. ups, .. downs])
            .With(Fields, Matrix.Of("mlp.experts.up_proj.lora_A.weight", 2, Rank, Hidden),
                Matrix.Of("mlp.experts.up_proj.lora_B.weight", Experts, Inner, Rank));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.RankMismatch, code);
        folder.Passed();
    }

    private static string NameOf(string layer, string file) => file == "w" ? layer switch { "gate_proj" => "w1", "up_proj" => "w3", _ => "w2" } : layer;

    private static FusedLayout Layout(FusedWay way) => new("mlp.experts.gate_up_proj", "mlp.experts.down_proj", way);

    private static (Matrix A, Matrix B) Pair(string layer, int outputs, int inputs, string form)
    {
        string name = $"model.layers.0.mlp.experts.{layer}.lora_";
        Matrix a = Matrix.Of(name + "A.weight", form == "shared A" ? 1 : Experts, Rank, inputs);
        return (a, form == "last" ? Matrix.Of(name + "B.weight", outputs, Rank, Experts)
            : Matrix.Of(name + "B.weight", form == "shared B" ? 1 : Experts, outputs, Rank));
    }

    /// <summary>One expert's factor as a matrix.</summary>
    private static Matrix OfExpert(Matrix stacked, int expert, bool isLast)
    {
        if (isLast)
            return new Matrix("", stacked.Shape[..2],
                [.. Enumerable.Range(0, stacked.Values.Length / Experts).Select(i => stacked.Values[(i * Experts) + expert])]);
        int size = stacked.Values.Length / (int)stacked.Shape[0];
        int index = stacked.Shape[0] == 1 ? 0 : expert;
        return new Matrix("", stacked.Shape[1..], stacked.Values[(index * size)..((index + 1) * size)]);
    }

    private static double[] Half(Matrix weight, Matrix a, Matrix b, int expert, int half, string pair, bool takesTurns)
    {
        Matrix whole = OfExpert(b, expert, pair == "last");
        IEnumerable<int> rows = Enumerable.Range(0, Inner).Select(i => takesTurns ? (2 * i) + half : (half * Inner) + i);
        Matrix ofHalf = new("", [Inner, Rank], [.. rows.SelectMany(row => whole.Values[(row * Rank)..((row + 1) * Rank)])]);
        return Matrix.Add(weight.AsDoubles(), ofHalf, OfExpert(a, expert, false), 1);
    }
}
