using System.Collections.Immutable;

namespace LoraMerge.Tests.Kinds.Toy;

/// <summary>A kind needs its folder and nothing else.</summary>
public sealed class ToyTests : KindContract
{
    private const double Turns = 0.5;

    private protected override string PeftType => "TOY";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of("model.layers.0.mlp.up_proj", outputs, inputs, isTransposed: false);

    private protected override KindExample? OfTransposed(int outputs, int inputs) =>
        Of("transformer.h.0.mlp.c_fc", outputs, inputs, isTransposed: true) with
        {
            Config = """{ "model_type": "gpt2" }""",
        };

    private protected override bool IsInProgram => false;

    private protected override bool TellsSide(int dimension) => dimension == 0;

    private static KindExample Of(string module, int outputs, int inputs, bool isTransposed)
    {
        Matrix weight = isTransposed ? Matrix.Of(module + ".weight", inputs, outputs) : Matrix.Of(module + ".weight", outputs, inputs);
        Matrix bias = Matrix.Of(module + ".bias", outputs);
        Matrix angles = Matrix.Of($"base_model.model.{module}.toy_angles", outputs / 2);
        Matrix length = Matrix.Of("base_model.toy_length", 1);
        return new KindExample(
            module,
            [weight, bias],
            "\"turns\": 0.5",
            [angles, length, Matrix.Of($"base_model.model.{module}.toy_state.step", 1)],
            () =>
                ImmutableDictionary.CreateRange([
                    KeyValuePair.Create(weight.Name, Turn(weight.AsDoubles(), outputs, isTransposed, angles, length)),
                    KeyValuePair.Create(bias.Name, Turn(bias.AsDoubles(), outputs, isTransposed: false, angles, length)),
                ])
        )
        {
            Ignored = [$"base_model.model.{module}.toy_state.step"],
        };
    }

    private static double[] Turn(double[] w, int outputs, bool isTransposed, Matrix angles, Matrix length)
    {
        double[] turned = [.. w];
        int inputs = w.Length / outputs;
        for (int pair = 0; pair < outputs / 2; pair++)
        {
            (double sin, double cos) = Math.SinCos(angles.Values[pair] * Turns);
            for (int input = 0; input < inputs; input++)
            {
                int p = isTransposed ? (input * outputs) + (2 * pair) : (2 * pair * inputs) + input;
                int q = p + (isTransposed ? 1 : inputs);
                turned[p] = length.Values[0] * ((cos * w[p]) - (sin * w[q]));
                turned[q] = length.Values[0] * ((sin * w[p]) + (cos * w[q]));
            }
        }
        return turned;
    }
}
