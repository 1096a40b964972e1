using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using NuGet.Versioning;

namespace LoraMerge.Dialects.Gguf;

/// <summary>llama.cpp: configuration and factors in one GGUF file, under the names that a GGUF model has.</summary>
/// <remarks>Written by <c>convert_lora_to_gguf.py</c>, by trainers of llama.cpp, and by <c>Format="gguf-adapter"</c>.</remarks>
internal sealed class GgufDialect : AdapterDialect
{
    public override string Library => AdapterOrigin.LlamaCpp;

    /// <exception cref="LoraMergeException">LORA1110, LORA2003, LORA2060.</exception>
    internal override bool Owns(AdapterSource source) => source.GgufFile is string file && GgufAdapterFile.IsAdapter(file);

    internal override string Weights(AdapterSource source) => source.GgufFile!;

    internal override AdapterOrigin Date(AdapterSource source) => new(AdapterOrigin.LlamaCpp, VersionRange.All, "GGUF file");

    internal override Adapter Read(AdapterSource source, AdapterOrigin origin) => GgufAdapterFile.Read(source, this, origin);
}
