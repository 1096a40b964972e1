namespace LoraMerge.Formats.Safetensors;

/// <summary>A model folder as transformers and TorchSharp load it.</summary>
internal sealed class SafetensorsFormat : ModelFormat
{
    public override string Name => "safetensors";

    public override bool HasDTypes => true;

    public override ModelLayout LayOut(LayoutInputs planned) => new SafetensorsLayout(planned.Plan, planned.Inputs.Checkpoint.Config);
}
