using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Diagnostics;
using LoraMerge.Pickles;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints;

/// <summary>One weight file, safetensors or pickle: its tensors in the order of their bytes.</summary>
/// <param name="FileName">The file's name, without folder.</param>
/// <param name="File">Its full path.</param>
/// <param name="Tensors">Its tensors, in the order of their bytes.</param>
/// <param name="Metadata">The header's <c>__metadata__</c>; a pickle has none.</param>
internal sealed record Shard(string FileName, string File, ImmutableArray<StoredTensor> Tensors, ImmutableDictionary<string, string> Metadata)
{
    /// <summary>
    /// The longest name of a tensor; real ones have some hundred characters, and the time that names take would grow with the square of their length.
    /// </summary>
    internal const int LongestName = 1000;

    /// <summary>The key of the header under which ComfyUI says how weights are quantised.</summary>
    internal const string ComfyMetadata = "_quantization_metadata";

    private readonly string? _mergedFileName;

    /// <summary>The name of the file in a merged model: pickles and others become safetensors files, called as transformers calls those.</summary>
    internal string MergedFileName
    {
        get => _mergedFileName ?? (!IsPickle ? FileName
            : Path.ChangeExtension(FileName.StartsWith("pytorch_model", StringComparison.Ordinal) ? FileName["pytorch_".Length..] : FileName, ".safetensors"));
        init => _mergedFileName = value;
    }

    /// <summary>Checksums of the bytes of its tensors, in the order of the bytes; safetensors files have none.</summary>
    internal ImmutableArray<ChecksumRange> Checksums { get; init; } = [];

    /// <summary>Whether it is a file of <c>torch.save</c>.</summary>
    internal bool IsPickle => PickleFile.IsNamedLikeOne(FileName);

    /// <summary>The name of a file as transformers calls it.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="count">How many files the model has.</param>
    internal static string NameOf(int index, int count) => count == 1
        ? "model.safetensors"
        : string.Create(CultureInfo.InvariantCulture, $"model-{index + 1:D5}-of-{count:D5}.safetensors");

    /// <summary>Reads the header of a safetensors file, or what a pickle says of its tensors.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA2002, LORA2003, LORA2014 to 2018, LORA2046, LORA2047.</exception>
    public static Shard Read(string file)
    {
        try
        {
            LfsPointer.ThrowIf(file);
            Shard shard = PickleFile.IsNamedLikeOne(file) ? ReadPickle(file) : ReadSafetensors(file);
            foreach (StoredTensor tensor in shard.Tensors)
                ThrowIfUnbounded(tensor);
            return shard;
        }
        catch (SafetensorsFormatException e)
        {
            throw Errors.SafetensorsInvalid(file, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    /// <summary>Whether what is counted by a tensor's name and shape stays countable.</summary>
    /// <exception cref="LoraMergeException">LORA2046, LORA2047.</exception>
    internal static void ThrowIfUnbounded(StoredTensor tensor)
    {
        if (tensor.Name.Length > LongestName)
            throw Errors.TensorNameTooLong(tensor.File, tensor.Name, LongestName);
        // With no elements a tensor's other sides are bounded by nothing, and their product is what rows are counted by.
        Int128 product = 1;
        foreach (long side in tensor.Shape)
        {
            product *= Math.Max(side, 1);
            if (product > long.MaxValue)
                throw Errors.ShapeUncountable(tensor);
        }
    }

    private static Shard ReadSafetensors(string file)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(file);
        SafetensorsHeader header = reader.Header;
        ImmutableArray<StoredTensor> tensors =
            [.. header.Tensors.Select(t => new StoredTensor(t.Name, t.DType, t.Shape, file, header.DataOffset + t.ByteOffset, t.ByteLength))];
        return new Shard(Path.GetFileName(file), file, tensors, header.Metadata);
    }

    private static Shard ReadPickle(string file)
    {
        PickledFile pickled = PickleFile.Read(file);
        return new Shard(
            Path.GetFileName(file),
            file,
            [.. pickled.Tensors.Select(t => new StoredTensor(t.Name, t.DType, t.Shape, file, t.FileOffset, t.ByteLength) { Strides = t.Strides })],
            ImmutableDictionary<string, string>.Empty) { Checksums = pickled.Checksums };
    }
}
