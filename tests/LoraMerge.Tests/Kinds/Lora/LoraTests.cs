using System.Collections.Immutable;

namespace LoraMerge.Tests.Kinds.Lora;

/// <summary>Plain LoRA, with the trained bias of B.</summary>
public sealed class LoraTests : KindContract
{
    private protected override string PeftType => "LORA";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        const string module = "model.layers.0.mlp.up_proj";
        Matrix weight = Matrix.Of(module + ".weight", outputs, inputs), bias = Matrix.Of(module + ".bias", outputs);
        Matrix a = Matrix.Of($"base_model.model.{module}.lora_A.weight", 2, inputs), b = Matrix.Of($"base_model.model.{module}.lora_B.weight", outputs, 2);
        Matrix bBias = Matrix.Of($"base_model.model.{module}.lora_B.bias", outputs);
        return new KindExample(module, [weight, bias], Fields, [a, b, bBias], () => Expected(
            (weight, Matrix.Add(weight.AsDoubles(), b, a, Scaling)),
            (bias, [.. bias.AsDoubles().Zip(bBias.AsDoubles(), (start, added) => start + (Scaling * added))])))
        { Optional = [bBias.Name] };
    }

    private protected override KindExample? OfTransposed(int outputs, int inputs)
    {
        const string module = "transformer.h.0.mlp.c_fc";
        Matrix weight = Matrix.Of(module + ".weight", inputs, outputs);
        Matrix a = Matrix.Of($"base_model.model.{module}.lora_A.weight", 2, inputs),
            b = Matrix.Of($"base_model.model.{module}.lora_B.weight", outputs, 2);
        return new KindExample(module, [weight], Fields, [a, b], () => Expected((weight, Matrix.Add(weight.AsDoubles(), b, a, Scaling, isTransposed: true))))
        {
            Config = """{ "model_type": "gpt2" }""",
        };
    }

    private protected override KindExample? OfConvolution()
    {
        const string module = "features.0";
        Matrix weight = Matrix.Of(module + ".weight", 4, 3, 2, 2);
        Matrix a = Matrix.Of($"base_model.model.{module}.lora_A.weight", 2, 3, 2, 2), b = Matrix.Of($"base_model.model.{module}.lora_B.weight", 4, 2, 1, 1);
        return new KindExample(module, [weight], Fields, [a, b], () => Expected((weight, Matrix.Add(weight.AsDoubles(), b, a, Scaling))));
    }

    private const string Fields = "\"r\": 2, \"lora_alpha\": 3";

    private const double Scaling = 1.5;

    private static ImmutableDictionary<string, double[]> Expected(params (Matrix Tensor, double[] Values)[] changed) =>
        changed.ToImmutableDictionary(pair => pair.Tensor.Name, pair => pair.Values);
}
