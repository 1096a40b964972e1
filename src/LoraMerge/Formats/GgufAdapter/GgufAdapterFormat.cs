namespace LoraMerge.Formats.GgufAdapter;

/// <summary>The adapter alone, to be put upon a GGUF base while it runs: one base and several adapters.</summary>
internal sealed class GgufAdapterFormat : ModelFormat
{
    public override string Name => "gguf-adapter";

    public override bool MaySplit => false;

    public override string InsteadOfDType => "Its factors are float32. Leave the dtype out.";

    public override bool NamesOrigin => true;

    public override ModelLayout LayOut(LayoutInputs planned) => GgufAdapterLayout.Create(planned);
}
