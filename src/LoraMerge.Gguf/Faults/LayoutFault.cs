namespace LoraMerge.Gguf.Faults;

/// <summary>Why a model cannot be said in GGUF.</summary>
internal enum LayoutFault
{
    /// <summary>No such quantization.</summary>
    QuantizationUnknown,

    /// <summary>The architecture has no description here.</summary>
    ArchitectureUnknown,

    /// <summary>A field of config.json is missing or of another type than it must be.</summary>
    ConfigFieldInvalid,

    /// <summary>config.json says what readers of the architecture do otherwise, and GGUF has no word for it.</summary>
    ConfigNotSayable,

    /// <summary>A tensor that the architecture needs is not there.</summary>
    TensorMissing,

    /// <summary>A tensor that the architecture does not know, or readers do not take.</summary>
    TensorUnknown,

    /// <summary>A tensor has another shape than config.json says.</summary>
    TensorShape,

    /// <summary>There is no tokenizer.</summary>
    TokenizerMissing,

    /// <summary>A tokenizer file is broken.</summary>
    TokenizerInvalid,

    /// <summary>A kind of tokenizer that GGUF, or this architecture in it, has no word for.</summary>
    TokenizerNotSayable,

    /// <summary>The pre-tokenizer is none that llama.cpp has a name for.</summary>
    PreTokenizerUnknown,

    /// <summary>Tokens and rows of the embedding do not fit together.</summary>
    VocabularyMismatch,

    /// <summary>A value does not fit the type it is to be written as, or is not finite.</summary>
    ValueNotRepresentable,

    /// <summary>A GGUF file that is not turned back into Hugging Face's: of another architecture, or with keys or tensors that do not fit it.</summary>
    FileNotRestorable,
}
