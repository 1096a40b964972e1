using System.Globalization;
using LoraMerge.Diagnostics;
using LoraMerge.Kinds.Peanut;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds.Peanut;

/// <summary>A network of two encoders and two decoders.</summary>
public sealed class PeanutTests : KindContract
{
    private protected override string PeftType => "PEANUT";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs), "tanh", Math.Tanh, depth: 2);

    private protected override bool TellsSide(int dimension) => dimension == 0;

    public static TheoryData<string> Activations => [.. PeanutConfig.Activations];

    [Theory]
    [MemberData(nameof(Activations))]
    public async Task Each_activation_is_that_of_transformers(string name)
    {
        KindExample example = Of(Layer.Linear(12, 8), name, x => Activated(name, x), depth: 0);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With($"\"peft_type\": \"PEANUT\", {example.Fields}", [.. example.Adapter]);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        Matrix.AssertNear(example.Expected()[example.Weight.Name], merged[example.Weight.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task An_activation_that_learns_numbers_is_refused_by_name()
    {
        KindExample example = Of(Layer.Linear(12, 8), "xielu", x => x, depth: 0);
        using TinyFolder folder = new TinyFolder(example.Config, [.. example.Base]).With($"\"peft_type\": \"PEANUT\", {example.Fields}", [.. example.Adapter]);

        LoraMergeException? fault = await folder.Fault();

        Assert.Equal(DiagnosticCode.AdapterFormNotYetSupported, fault?.Code);
        Assert.Contains("xielu", fault!.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    private static KindExample Of(Layer layer, string activation, Func<double, double> f, int depth)
    {
        const int rank = 3;
        Matrix a = layer.Tensor("peanut_A.weight", rank, layer.Outputs), b = layer.Tensor("peanut_B.weight", layer.Outputs, rank);
        Matrix[] encoders = [.. Enumerable.Range(0, depth).Select(n => layer.Tensor($"peanut_encoders.{n}.weight", rank, rank))];
        Matrix[] decoders = [.. Enumerable.Range(0, depth).Select(n => layer.Tensor($"peanut_decoders.{n}.weight", rank, rank))];
        var inner = new Dictionary<int, double[]>();
        string fields = string.Create(CultureInfo.InvariantCulture, $"\"r\": {rank}, \"depth\": {depth}, \"act_fn\": \"{activation}\", \"scaling\": 0.5");
        return layer.Example(fields, (o, i) => 0.5 * Enumerable.Range(0, rank).Sum(r => b[o, r] * Inner(i)[r]), [a, b, .. encoders, .. decoders]);

        double[] Inner(int i)
        {
            if (inner.TryGetValue(i, out double[]? known))
                return known;
            double[] x = [.. Enumerable.Range(0, rank).Select(r => f(Enumerable.Range(0, layer.Outputs).Sum(o => a[r, o] * layer.At(o, i))))];
            var residuals = new Stack<double[]>();
            foreach (Matrix encoder in encoders)
            {
                residuals.Push(x);
                x = Through(encoder, x);
            }
            foreach (Matrix decoder in decoders)
                x = [.. Through(decoder, x).Zip(residuals.Pop(), (y, before) => y + before)];
            return inner[i] = x;
        }

        double[] Through(Matrix matrix, double[] x) => [.. Enumerable.Range(0, rank).Select(r => f(Enumerable.Range(0, rank).Sum(n => matrix[r, n] * x[n])))];
    }

    private static double Activated(string name, double x) =>
        name switch
        {
            "gelu" or "gelu_python" => x * (1 + Erf(x / Math.Sqrt(2))) / 2,
            "gelu_10" => Math.Clamp(x * (1 + Erf(x / Math.Sqrt(2))) / 2, -10, 10),
            "gelu_fast" or "gelu_new" or "gelu_accurate" or "gelu_python_tanh" or "gelu_pytorch_tanh" => x
                / 2
                * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
            "hardswish" => x <= -3 ? 0
            : x >= 3 ? x
            : x * (x + 3) / 6,
            "laplace" => (1 + Erf((x - 0.707107) / (0.282095 * Math.Sqrt(2)))) / 2,
            "leaky_relu" => x < 0 ? x / 100 : x,
            "linear" => x,
            "mish" => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
            "quick_gelu" => x / (1 + Math.Exp(-1.702 * x)),
            "relu" => Math.Max(x, 0),
            "relu2" => Math.Max(x, 0) * Math.Max(x, 0),
            "relu6" => Math.Clamp(x, 0, 6),
            "sigmoid" => 1 / (1 + Math.Exp(-x)),
            "silu" or "swish" => x / (1 + Math.Exp(-x)),
            "tanh" => Math.Tanh(x),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "It has no formula here."),
        };

    private static double Erf(double x)
    {
        using var scope = NewDisposeScope();
        return tensor(x, dtype: ScalarType.Float64).erf().item<double>();
    }
}
