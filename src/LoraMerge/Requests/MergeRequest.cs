using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Combinations;
using LoraMerge.Planning;

namespace LoraMerge.Requests;

/// <summary>What to merge, and how.</summary>
/// <param name="BaseModel">Folder or weight file of the base model.</param>
/// <param name="Adapters">The adapters, applied in this order.</param>
public sealed record MergeRequest(string BaseModel, ImmutableArray<AdapterRequest> Adapters)
{
    /// <summary>Name of the merged model; null to take the base's.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the base model, if it has one.</summary>
    public string? BaseVersion { get; init; }

    /// <summary>
    /// SHA-256 that the base's weights must have: 64 hexadecimal digits where it has one weight file, else <c>NAME=DIGITS</c> for each with ';' between; other
    /// files may be named too. Null for any.
    /// </summary>
    public string? Sha256 { get; init; }

    /// <summary>How several adapters become one change.</summary>
    public Combination Combination { get; init; } = Combination.Sequential;

    /// <summary>Element type of the result.</summary>
    public OutputDType DType { get; init; } = OutputDType.Auto;

    /// <summary>
    /// What is written: <c>safetensors</c>, a folder; <c>gguf</c>, a file for LLamaSharp, Ollama and llama.cpp; or <c>gguf-adapter</c>, the adapters alone, for
    /// the same.
    /// </summary>
    public string Format { get; init; } = "safetensors";

    /// <summary>Which types the tensors of a GGUF file get, by llama.cpp's names, such as <c>Q4_K_M</c>; <c>auto</c> for the base's own.</summary>
    public string Quantization { get; init; } = "auto";

    /// <summary>Whether a Modelfile for Ollama stands beside a GGUF file.</summary>
    public bool WritesModelfile { get; init; }

    /// <summary>Largest weight file; null to keep the base's files.</summary>
    public ByteSize? MaxShardSize { get; init; }

    /// <summary>Whether a quantised base stays so: weights that adapters change are quantised again, all others keep their bytes.</summary>
    public bool KeepsQuantization { get; init; }

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Threads of the arithmetic; null for torch's own choice. Changes no byte of the result.</summary>
    public int? Threads { get; init; }

    /// <summary>Bytes that the merge may hold; null for its own choice. Changes no byte of the result.</summary>
    public long? MaxMemory { get; init; }

    /// <summary>How much of the result is read back and checked.</summary>
    public Verification Verification { get; init; }

    /// <summary>Whether adapter tensors without a place in the base are a warning instead of an error.</summary>
    public bool AcceptsUnmatched { get; init; }

    /// <summary>Whether nothing is merged: a quantised base becomes a plain one. Then there are no adapters.</summary>
    internal bool OnlyDequantizes { get; init; }

    /// <summary>Folder of libtorch for this platform; null for the one of this executable.</summary>
    public string? NativesFolder { get; init; }

    /// <summary>What is known of the base from the hub; null for one that the user laid there.</summary>
    internal FetchedInput? FetchedBase { get; init; }

    /// <summary>Whether every change is measured on the way, for a report. Changes no byte of the result.</summary>
    internal bool IsMeasured { get; init; }
}

/// <summary>An adapter to merge.</summary>
/// <param name="Path">Folder or weight file.</param>
/// <param name="Weight">Factor on its change.</param>
public sealed record AdapterRequest(string Path, double Weight = 1)
{
    /// <summary>Its version, if it has one.</summary>
    public string? Version { get; init; }

    /// <summary>The range of base versions that it was trained for.</summary>
    public string? BaseVersionRange { get; init; }

    /// <summary>The release of PEFT or mlx_lm that wrote it, for files that do not tell; null to date it by its fields.</summary>
    public string? AdapterVersion { get; init; }

    /// <summary>SHA-256 that its weights must have, as <see cref="MergeRequest.Sha256"/>; null for any.</summary>
    public string? Sha256 { get; init; }

    /// <summary>How the factors of fused experts lie in its file; null for what the file says of it, or shows of the library that wrote it.</summary>
    public ExpertLayout? ExpertLayout { get; init; }

    /// <summary>What is known of it from the hub; null for one that the user laid there.</summary>
    internal FetchedInput? Fetched { get; init; }
}

/// <summary>How much of a merged model is read back.</summary>
public enum Verification
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Every file is read again and its hash compared.</summary>
    Written,

    /// <summary>And the manifest gets the SHA-256 of every file.</summary>
    Full,
}
