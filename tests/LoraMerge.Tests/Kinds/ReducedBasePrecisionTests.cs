using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Planning;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds;

/// <summary>How near a base that training reduced is to the exact one where the result is float32.</summary>
public sealed class ReducedBasePrecisionTests
{
    private const int Rank = 2;

    /// <summary>The golden results come of PEFT run in float64, which decomposes the base in float32 all the same.</summary>
    [Fact]
    public async Task KaSAs_base_is_PEFTs_own_to_the_last_bit_of_float32()
    {
        using var folder = new TestFolder();
        GoldenCase golden = GoldenCase.Open("lora-kasa");

        await new Merger().MergeAsync(golden.Request() with { DType = new OutputDType(DType.F32) }, folder["out"], CancellationToken.None);

        Dictionary<string, StoredTensor> merged = TensorTable.Headers(folder["out"]);
        foreach ((string tensor, StoredTensor exact) in TensorTable.Headers(golden.ExactFile))
        {
            double[] rounded = [.. TensorTable.Values(exact).Select(value => (double)(float)value)];
            // Sums in another order may fall on the other side of a rounding, once in a great while.
            int others = rounded.Zip(TensorTable.Values(merged[tensor])).Count(pair => pair.First != pair.Second);
            Assert.InRange(others, 0, rounded.Length / 100);
        }
        folder.Passed();
    }

    public static TheoryData<string, long, long> Weights
    {
        get
        {
            var weights = new TheoryData<string, long, long>();
            foreach (string content in (string[])["any", "rank 3", "rank 1", "equal values", "zero"])
            {
                foreach ((long rows, long columns) in ((long, long)[])[(20, 10), (10, 20), (3, 3), (1, 7), (7, 1), (64, 64)])
                    weights.Add(content, rows, columns);
            }
            return weights;
        }
    }

    /// <summary>Singular values of what is left tell how near it is, also where vectors are not unique: errors move them by no more than their norm.</summary>
    [Theory]
    [MemberData(nameof(Weights))]
    public async Task What_PiSSA_leaves_is_rounded_once(string content, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        Tensor weight = Of(content, rows, columns);

        Tensor left = await Left(weight, "\"init_lora_weights\": \"pissa\"");

        Tensor values = linalg.svdvals(weight);
        values.narrow(0, 0, Math.Min(Rank, values.shape[0])).zero_();
        // float32 rounds each element by 2^-24 of it at most, so the whole by that of the norm; 2^-48 is float64's.
        AssertNear(values.sort(descending: true).Values, linalg.svdvals(left), (Norm(left) * Math.Pow(2, -24)) + (Norm(weight) * Math.Pow(2, -48)));
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public async Task What_KaSA_leaves_is_off_by_a_decomposition_in_float32(string content, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        Tensor weight = Of(content, rows, columns);

        Tensor left = await Left(weight, "\"kasa_config\": { \"beta\": 0.1 }", Matrix.Of("q.lora_diag", Rank));

        Tensor values = linalg.svdvals(weight);
        long removed = Math.Min(Rank, values.shape[0]);
        values.narrow(0, values.shape[0] - removed, removed).zero_();
        AssertNear(values, linalg.svdvals(left), Norm(weight) * Math.Pow(2, -20)); // some steps of float32 of the largest value
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public async Task What_OLoRA_leaves_is_rounded_once(string content, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        Tensor weight = Of(content, rows, columns);
        if (content is "rank 1" or "zero")
            return; // the second column adds no direction, so that Q's is any

        Tensor left = await Left(weight, "\"init_lora_weights\": \"olora\"");

        long rank = Math.Min(Rank, Math.Min(rows, columns));
        Tensor q = linalg.qr(weight.narrow(1, 0, rank)).Q;
        Tensor expected = weight - q.matmul(q.t().matmul(weight));
        Assert.InRange(Norm(left - expected), 0, (Norm(left) * Math.Pow(2, -24)) + (Norm(weight) * Math.Pow(2, -46)));
    }

    private static void AssertNear(Tensor expected, Tensor found, double tolerance) =>
        Assert.InRange((expected - found).abs().max().item<double>(), 0, tolerance);

    private static double Norm(Tensor tensor) => tensor.norm().item<double>();

    /// <summary>The weight that a merge of an adapter leaves whose own product is zero.</summary>
    private static async Task<Tensor> Left(Tensor weight, string fields, params Matrix[] more)
    {
        (long rows, long columns) = (weight.shape[0], weight.shape[1]);
        Matrix stored = Matrix.Of("q.weight", rows, columns) with { Values = weight.to(ScalarType.Float32).contiguous().data<float>().ToArray() };
        Matrix b = Matrix.Of("q.lora_B.weight", rows, Rank);
        using TinyFolder folder = new TinyFolder("{}", stored).With(
            $"\"r\": {Rank}, \"lora_alpha\": {Rank}, {fields}",
            [Matrix.Of("q.lora_A.weight", Rank, columns), b with { Values = new float[b.Values.Length] }, .. more]
        );

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        folder.Passed();
        return tensor(merged["q.weight"]).view(rows, columns);
    }

    /// <summary>float64, of numbers that float32 has.</summary>
    private static Tensor Of(string content, long rows, long columns)
    {
        Tensor any = Any("weight", rows, columns);
        Tensor weight = content switch
        {
            "any" => any,
            "rank 3" => Any("left", rows, 3).matmul(Any("right", 3, columns)),
            "rank 1" => Any("left", rows, 1).matmul(Any("right", 1, columns)),
            "equal values" => eye(rows, columns, ScalarType.Float64).Times(0.75),
            _ => zeros([rows, columns], ScalarType.Float64),
        };
        return weight.to(ScalarType.Float32).to(ScalarType.Float64);

        static Tensor Any(string name, long rows, long columns) => tensor(Matrix.Of(name, rows, columns).AsDoubles()).view(rows, columns);
    }
}
