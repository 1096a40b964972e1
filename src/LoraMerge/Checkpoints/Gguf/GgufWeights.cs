using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Restoring;
using LoraMerge.Safetensors;

namespace LoraMerge.Checkpoints.Gguf;

/// <summary>A GGUF model as a base: its tensors under Hugging Face's names, and the files that stand beside them there.</summary>
/// <param name="Shards">Its files that hold tensors.</param>
/// <param name="Files">What it says beside its weights, by the names of Hugging Face's files.</param>
/// <param name="Types">Its tensors' types, for people: <c>Q4_K (12), F32 (5)</c>.</param>
/// <param name="DType">What its values become in a plain model, where nobody asks for another.</param>
/// <param name="TokenizerFault">Why it has no tokenizer; null where it has, or says nothing of one.</param>
internal sealed record GgufWeights(
    ImmutableArray<Shard> Shards, ImmutableDictionary<string, byte[]> Files, string Types, DType DType, string? TokenizerFault)
{
    private const string TypeKey = "general.type";
    private const string Model = "model";

    /// <summary>Opens a model and checks all of it but the values.</summary>
    /// <param name="path">Its file, or its first part.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2060, LORA2061, LORA2140.</exception>
    public static GgufWeights Open(string path)
    {
        try
        {
            LfsPointer.ThrowIf(path);
            using var model = GgufModel.Open(path);
            if (model.Metadata.TryGetText(TypeKey, out string? type) && type != Model)
                throw Errors.GgufHoldsNoModel(path, type);
            return Of(model);
        }
        catch (GgufFormatException e)
        {
            throw Errors.GgufInvalid(e);
        }
        catch (GgufLayoutException e)
        {
            throw Errors.Gguf(e, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(path, e);
        }
    }

    private static GgufWeights Of(GgufModel model)
    {
        RestoredModel restored = RestoredModel.Of(model);
        string types = string.Join(", ", model.Tensors.CountBy(tensor => tensor.Type).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} ({pair.Value})")));
        return new GgufWeights(ShardsOf(restored.Tensors, restored.DType), restored.Files, types, restored.DType, restored.TokenizerFault?.Message);
    }

    private static ImmutableArray<Shard> ShardsOf(ImmutableArray<RestoredTensor> tensors, DType dtype)
    {
        IGrouping<string, RestoredTensor>[] files = [.. tensors.GroupBy(tensor => tensor.File.Path).OrderBy(file => file.Key, StringComparer.Ordinal)];
        return
        [
            .. files.Select((file, i) => new Shard(
                Path.GetFileName(file.Key), file.Key,
                [.. file.OrderBy(tensor => tensor.FileOffset).ThenBy(tensor => tensor.Values.FirstElement).Select(tensor => Stored(tensor, dtype))],
                ImmutableDictionary<string, string>.Empty)
            {
                MergedFileName = Shard.NameOf(i, files.Length),
            }),
        ];
    }

    private static StoredTensor Stored(RestoredTensor tensor, DType dtype)
    {
        RestoredValues values = tensor.Values;
        DType read = GgufPacking.ReadAs(values);
        var stored = new StoredTensor(tensor.Name, read, tensor.Shape, tensor.File.Path, 0, 0) { PlainDType = dtype };
        stored = stored with { ByteLength = checked(stored.ElementCount * read.BitsPerElement() / 8) };
        return values is { AreStored: true, AreInOrder: true }
            ? stored with { FileOffset = tensor.FileOffset + (values.FirstElement * read.BitsPerElement() / 8) }
            : stored with { Packing = new GgufPacking(tensor.FileOffset, values) };
    }
}
