using LoraMerge.Formats.Requantized;

namespace LoraMerge.Formats.Safetensors;

/// <summary>A model folder as transformers and TorchSharp load it.</summary>
internal sealed class SafetensorsFormat : ModelFormat
{
    public override string Name => "safetensors";

    public override bool HasDTypes => true;

    public override ModelLayout LayOut(LayoutInputs planned) => planned.Inputs is { Request.KeepsQuantization: true, Checkpoint.Form: not null }
        ? RequantizedLayout.Create(planned)
        : new SafetensorsLayout(planned);
}
