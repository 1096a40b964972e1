namespace LoraMerge.Gguf.Container;

/// <summary>What a file has against the format.</summary>
internal enum GgufFault
{
    /// <summary>The file ends before its header or the data that its header promises; or it was cut while it was read.</summary>
    Truncated,

    /// <summary>The header is longer than any real one.</summary>
    HeaderTooLarge,

    /// <summary>The file is of another kind.</summary>
    NotGguf,

    /// <summary>A version of the format, or an order of bytes, that is not read.</summary>
    VersionNotSupported,

    /// <summary>A key that is empty, too long or not UTF-8.</summary>
    KeyInvalid,

    /// <summary>A key stands twice.</summary>
    DuplicateKey,

    /// <summary>A value of no type of the format, a nested array, a boolean that is neither 0 nor 1, a text that is not UTF-8.</summary>
    ValueInvalid,

    /// <summary>An alignment that is no power of two, or no uint32.</summary>
    AlignmentInvalid,

    /// <summary>A tensor's name that is empty, too long or not UTF-8.</summary>
    TensorNameInvalid,

    /// <summary>A tensor stands twice.</summary>
    DuplicateTensor,

    /// <summary>A shape of too many dimensions, with more elements than can be counted, or whose rows are no whole blocks.</summary>
    ShapeInvalid,

    /// <summary>A type of tensors that is not known.</summary>
    UnknownType,

    /// <summary>Tensors that overlap, leave gaps or do not begin at the alignment.</summary>
    OffsetInvalid,

    /// <summary>Bytes behind the last tensor belong to none.</summary>
    TrailingBytes,

    /// <summary>The files of a model in several parts do not fit together.</summary>
    SplitInvalid,
}
