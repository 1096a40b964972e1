namespace LoraMerge.Safetensors;

/// <summary>What a file has against the format.</summary>
public enum SafetensorsFault
{
    /// <summary>The file ends before its header or the data that its header promises; or it was cut while it was read.</summary>
    Truncated,

    /// <summary>The header claims more than the 100,000,000 bytes that the format allows.</summary>
    HeaderTooLarge,

    /// <summary>The header claims a length in which no JSON object fits.</summary>
    HeaderLengthInvalid,

    /// <summary>The header is not UTF-8.</summary>
    HeaderNotUtf8,

    /// <summary>The header is not a JSON object that begins with its first byte, or is nested too deeply.</summary>
    HeaderNotJson,

    /// <summary>A name stands twice in the header, perhaps escaped in different ways.</summary>
    DuplicateName,

    /// <summary>A dtype that the format does not have.</summary>
    UnknownDType,

    /// <summary>
    /// A shape that is no array of non-negative integers, has more of them than any tensor, or whose size is no whole number of bytes or overflows.
    /// </summary>
    ShapeInvalid,

    /// <summary>Offsets that are no pair of non-negative integers in ascending order.</summary>
    OffsetsInvalid,

    /// <summary>A tensor's offsets enclose another number of bytes than its dtype and shape come to.</summary>
    LengthMismatch,

    /// <summary>Two tensors share bytes.</summary>
    Overlap,

    /// <summary>Bytes before or between the tensors belong to none.</summary>
    Hole,

    /// <summary>Bytes behind the last tensor belong to none.</summary>
    TrailingBytes,

    /// <summary><c>__metadata__</c> is not an object of strings.</summary>
    MetadataInvalid,

    /// <summary>A tensor's entry is no object, lacks a field or has one twice.</summary>
    EntryInvalid,

    /// <summary>The file is of another, known kind: a Git LFS pointer, a PyTorch archive, GGUF and so on.</summary>
    NotSafetensors,
}
