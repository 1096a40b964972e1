using LoraMerge.Combinations;
using LoraMerge.Deltas;
using LoraMerge.Diagnostics;
using LoraMerge.Merging;
using LoraMerge.Planning;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds;

/// <summary>Adapters that were trained on a base from which something had been taken away.</summary>
public sealed class ReducedBaseTests
{
    private const int Rank = 2;

    public static TheoryData<long, long> Shapes => new() { { 7, 4 }, { 4, 7 }, { 5, 5 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task PiSSA_takes_the_largest_singular_values_away(long rows, long columns)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(rows, columns);
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"r\": 2, \"init_lora_weights\": \"pissa\"", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] residual = WithoutSingularValues(weight, Enumerable.Range(0, Rank));
        Matrix.AssertNear(Matrix.Add(residual, b, a, 1), merged);
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task KaSA_takes_the_smallest_away_and_puts_its_own_between_B_and_A(long rows, long columns)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(rows, columns);
        Matrix diagonal = Matrix.Of("q.lora_diag", Rank);
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"r\": 2, \"kasa_config\": { \"beta\": 0.1 }", a, b, diagonal);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        Matrix scaled = b with { Values = [.. b.Values.Select((value, i) => value * diagonal.Values[i % Rank])] };
        int count = (int)Math.Min(rows, columns);
        Matrix.AssertNear(Matrix.Add(WithoutSingularValues(weight, Enumerable.Range(count - Rank, Rank)), scaled, a, 1), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData(Rank + 1, 1)]
    [InlineData(1, 1)]
    [InlineData(1, Rank)]
    public async Task Singular_values_of_KaSA_that_are_not_one_for_each_rank_are_refused(long rows, long columns)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(5, 4);
        using TinyFolder folder = new TinyFolder("{}", weight).With(
            "\"r\": 2, \"kasa_config\": { \"beta\": 0.1 }",
            a,
            b,
            Matrix.Of("q.lora_diag", columns == 1 ? [rows] : [rows, columns])
        );

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.RankMismatch, code);
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task OLoRA_takes_away_what_the_first_columns_span(long rows, long columns)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(rows, columns);
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"r\": 2, \"lora_alpha\": 6, \"init_lora_weights\": \"olora\"", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        using var scope = NewDisposeScope();
        (Tensor q, Tensor r) = linalg.qr(tensor(weight.AsDoubles()).view(rows, columns));
        Tensor residual = tensor(weight.AsDoubles()).view(rows, columns) - q.narrow(1, 0, Rank).matmul(r.narrow(0, 0, Rank)).Times(3);
        Matrix.AssertNear(Matrix.Add(residual.data<double>().ToArray(), b, a, 3), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData(7, 4, "\"init_lora_weights\": \"pissa\"", (8 * ((4 * 7 * 4) + (8 * 4 * 4))) + (8 * 7 * 4))]
    [InlineData(7, 4, "\"kasa_config\": { \"beta\": 0.1 }", (4 * ((4 * 7 * 4) + (8 * 4 * 4))) + (8 * 7 * 4))]
    [InlineData(7, 4, "\"init_lora_weights\": \"olora\"", (3 * 8 * Rank * (7 + 4)) + (8 << 20))]
    public void What_finding_it_takes_is_in_the_memory_of_the_plan(long rows, long columns, string fields, long bytes)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(rows, columns);
        Matrix[] factors = fields.Contains("kasa", StringComparison.Ordinal) ? [a, b, Matrix.Of("q.lora_diag", Rank)] : [a, b];
        using TinyFolder plain = new TinyFolder("{}", weight).With("\"r\": 2", a, b);
        using TinyFolder reduced = new TinyFolder("{}", weight).With("\"r\": 2, " + fields, factors);

        long more = reduced.MemoryBytes() - plain.MemoryBytes();

        Assert.Equal(bytes + (rows * columns * sizeof(float)), more); // a block, which is the whole of so small a weight
        plain.Passed();
        reduced.Passed();
    }

    /// <summary>Larger ones than are decomposed whole.</summary>
    [Theory]
    [InlineData(4100, 1100, "\"init_lora_weights\": \"pissa\"", (5L * 1100 * 1100 * 8) + (8 << 20))]
    [InlineData(1100, 4100, "\"init_lora_weights\": \"pissa\"", (5L * 1100 * 1100 * 8) + (8 << 20) + (1100 * 4100 * 8))]
    [InlineData(4100, 1100, "\"kasa_config\": { \"beta\": 0.1 }", (5L * 1100 * 1100 * 8) + (8 << 20))]
    public void What_a_large_weight_takes_is_what_its_shorter_side_takes(long rows, long columns, string fields, long bytes)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(rows, columns);
        Matrix[] factors = fields.Contains("kasa", StringComparison.Ordinal) ? [a, b, Matrix.Of("q.lora_diag", Rank)] : [a, b];
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"r\": 2, " + fields, factors);

        long held = folder.Plan().Tensors.OfType<PlannedTensor.Computed>().Max(tensor => ChangeMemory.BytesOf(tensor));

        Assert.InRange(held - bytes, 0, 8 << 20); // and a group of rows
        folder.Passed();
    }

    [Fact]
    public async Task What_is_taken_away_comes_from_the_base_and_not_from_other_adapters()
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(5, 5);
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"r\": 2", a, b).With("\"r\": 2, \"init_lora_weights\": \"pissa\"", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        double[] residual = WithoutSingularValues(weight, Enumerable.Range(0, Rank));
        Matrix.AssertNear(Matrix.Add(residual, b, a, 2), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData(7, "\"init_lora_weights\": \"pissa\"")]
    [InlineData(300, "\"init_lora_weights\": \"pissa\"")]
    [InlineData(7, "\"kasa_config\": { \"beta\": 0.1 }")]
    [InlineData(300, "\"kasa_config\": { \"beta\": 0.1 }")]
    [InlineData(7, "\"init_lora_weights\": \"olora\"")]
    public async Task A_base_with_a_number_that_is_none_is_refused_before_any_of_it_is_taken_away(int side, string fields)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(side, side);
        weight.Values[9] = float.NaN;
        Matrix[] factors = fields.Contains("kasa", StringComparison.Ordinal) ? [a, b, Matrix.Of("q.lora_diag", Rank)] : [a, b];
        using TinyFolder folder = new TinyFolder("{}", weight).With("\"r\": 2, " + fields, factors);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.BaseNotFinite, code);
        folder.Passed();
    }

    [Fact]
    public async Task What_is_more_than_a_product_is_not_combined()
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(5, 5);
        using TinyFolder folder = new TinyFolder("{}", weight) { Way = CombinationWay.Cat }
            .With("\"r\": 2", a, b).With("\"r\": 2, \"kasa_config\": { \"beta\": 0.1 }", a, b, Matrix.Of("q.lora_diag", Rank));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.CombinationNeedsPlainLora, code);
        folder.Passed();
    }

    [Fact]
    public async Task An_embedding_is_combined_though_both_adapters_hold_its_base()
    {
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 6, 3);
        Matrix copy = embedding.Named("model.embed_tokens.base_layer.weight");
        Matrix a = Matrix.Of("model.embed_tokens.lora_embedding_A", 1, 6);
        Matrix b = Matrix.Of("model.embed_tokens.lora_embedding_B", 3, 1);
        using TinyFolder folder = new TinyFolder("""{ "tie_word_embeddings": false }""", embedding) { Way = CombinationWay.Cat }
            .With("", a, b, copy)
            .With("", a, b, copy);

        double[] merged = (await folder.Merge()).Tensors[embedding.Name];

        Matrix.AssertNear(Matrix.Add(embedding.AsDoubles(), b, a, 4, isTransposed: true), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("pissa_niter_16")]
    [InlineData("corda")]
    [InlineData("lora_ga")]
    [InlineData("loftq")]
    public async Task A_base_that_cannot_be_computed_again_is_refused_by_name(string initialisation)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(5, 5);
        using TinyFolder folder = new TinyFolder("{}", weight).With($"\"r\": 2, \"init_lora_weights\": \"{initialisation}\"", a, b);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.TrainedOnLostBase, code);
        folder.Passed();
    }

    [Theory]
    [InlineData("eva")]
    [InlineData("gaussian")]
    [InlineData("orthogonal")]
    [InlineData("mica")]
    public async Task Other_initialisations_leave_the_base_alone(string initialisation)
    {
        (Matrix weight, Matrix a, Matrix b) = Layer(5, 5);
        using TinyFolder folder = new TinyFolder("{}", weight).With($"\"r\": 2, \"init_lora_weights\": \"{initialisation}\"", a, b);

        double[] merged = (await folder.Merge()).Tensors[weight.Name];

        Matrix.AssertNear(Matrix.Add(weight.AsDoubles(), b, a, 1), merged);
        folder.Passed();
    }

    private static (Matrix Weight, Matrix A, Matrix B) Layer(long rows, long columns) =>
        (Matrix.Of("q.weight", rows, columns), Matrix.Of("q.lora_A.weight", Rank, columns), Matrix.Of("q.lora_B.weight", rows, Rank));

    private static double[] WithoutSingularValues(Matrix weight, IEnumerable<int> removed)
    {
        using var scope = NewDisposeScope();
        Tensor w = tensor(weight.AsDoubles()).view(weight.Shape[0], weight.Shape[1]);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(w, fullMatrices: false);
        foreach (int i in removed)
            w -= s[i] * u.narrow(1, i, 1).matmul(vh.narrow(0, i, 1));
        return w.contiguous().data<double>().ToArray();
    }
}
