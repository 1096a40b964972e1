namespace LoraMerge.Formats.Gguf;

/// <summary>One file that LLamaSharp, Ollama and llama.cpp open.</summary>
internal sealed class GgufFormat : ModelFormat
{
    public override string Name => "gguf";

    public override IReadOnlyList<string> Quantizations => LoraMerge.Gguf.Layout.Quantizations.Names;

    public override bool HasModelfile => true;

    public override string InsteadOfDType => "Ask for its types by Quantization, such as F16 or BF16.";

    public override bool NamesOrigin => true;

    public override ModelLayout LayOut(LayoutInputs planned) => GgufModelLayout.Create(planned);
}
