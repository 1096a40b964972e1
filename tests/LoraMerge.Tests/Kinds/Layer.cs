using System.Collections.Immutable;

namespace LoraMerge.Tests.Kinds;

/// <summary>A layer of a base, from which examples of kinds are made whose change is added to the weight.</summary>
/// <param name="Module">Its path.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="Inputs">Its inputs, of a convolution times the kernel's elements.</param>
/// <param name="IsTransposed">Whether the weight is stored input by output.</param>
internal sealed record Layer(string Module, Matrix Weight, int Outputs, int Inputs, bool IsTransposed = false)
{
    public static Layer Linear(int outputs, int inputs, string module = "model.layers.0.mlp.up_proj") =>
        new(module, Matrix.Of(module + ".weight", outputs, inputs), outputs, inputs);

    public static Layer Transposed(int outputs, int inputs, string module = "transformer.h.0.mlp.c_fc") =>
        new(module, Matrix.Of(module + ".weight", inputs, outputs), outputs, inputs, IsTransposed: true);

    public static Layer Convolution(params int[] kernel) =>
        new(
            "features.0",
            Matrix.Of("features.0.weight", [4, 6, .. kernel.Select(side => (long)side)]),
            4,
            6 * kernel.Aggregate((product, side) => product * side)
        );

    /// <summary>A tensor of an adapter for this layer.</summary>
    public Matrix Tensor(string leaf, params long[] shape) => Matrix.Of($"base_model.model.{Module}.{leaf}", shape);

    /// <summary>Whole numbers below a bound, one after another in steps.</summary>
    public Matrix Indices(string leaf, int below, int step, params long[] shape) => Tensor(leaf, shape) is var tensor
        ? tensor with { Values = [.. tensor.Values.Select((_, index) => (float)(index * step % below))] }
        : throw new InvalidOperationException();

    /// <summary>The weight with a change.</summary>
    /// <param name="delta">The change of an output and an input.</param>
    public double[] Plus(Func<int, int, double> delta)
    {
        double[] sum = Weight.AsDoubles();
        for (int o = 0; o < Outputs; o++)
        {
            for (int i = 0; i < Inputs; i++)
                sum[IsTransposed ? (i * Outputs) + o : (o * Inputs) + i] += delta(o, i);
        }
        return sum;
    }

    /// <summary>An adapter of a kind for this layer alone.</summary>
    public KindExample Example(string fields, Func<int, int, double> delta, params ImmutableArray<Matrix> adapter) =>
        new(Module, [Weight], fields, adapter, () => ImmutableDictionary.CreateRange([KeyValuePair.Create(Weight.Name, Plus(delta))]))
        { Config = IsTransposed ? """{ "model_type": "gpt2" }""" : """{ "model_type": "llama" }""" };

    /// <summary>The same for a kind that changes biases, too.</summary>
    /// <param name="fields">Fields of the configuration.</param>
    /// <param name="delta">The change of an output and an input.</param>
    /// <param name="newBias">The bias that is made of the old one.</param>
    /// <param name="adapter">The adapter's tensors.</param>
    public KindExample ExampleWithBias(string fields, Func<int, int, double> delta, Func<double[], double[]> newBias, params ImmutableArray<Matrix> adapter)
    {
        Matrix bias = Matrix.Of(Module + ".bias", Outputs);
        KindExample example = Example(fields, delta, adapter);
        return example with { Base = example.Base.Add(bias), Expected = () => example.Expected().Add(bias.Name, newBias(bias.AsDoubles())) };
    }

    /// <summary>The weight's number of an output and an input.</summary>
    public double At(int o, int i) => Weight.Values[IsTransposed ? (i * Outputs) + o : (o * Inputs) + i];

    /// <summary>Σ over the inner side of b[o, r]·a[r, i].</summary>
    public static double Product(Matrix b, Matrix a, int o, int i) => Enumerable.Range(0, (int)a.Shape[0]).Sum(r => b[o, r] * a[r, i]);
}
