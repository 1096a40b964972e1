namespace LoraMerge.Tests.Kinds.LnTuning;

/// <summary>A layer that was trained whole.</summary>
public sealed class LnTuningTests : KindContract
{
    private protected override string PeftType => "LN_TUNING";

    private protected override KindExample OfLinear(int outputs, int inputs)
    {
        Layer layer = Layer.Linear(outputs, inputs, "model.layers.0.input_layernorm");
        Matrix trained = layer.Tensor("ln_tuning_layers.weight", outputs, inputs);
        return layer.Example("", (o, i) => trained[o, i] - layer.At(o, i), trained);
    }
}
