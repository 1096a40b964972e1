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
/// <param name="Form">What its tensors are stored as.</param>
/// <param name="Notes">What cannot be said in the form of Hugging Face.</param>
internal sealed record GgufWeights(
    ImmutableArray<Shard> Shards, ImmutableDictionary<string, byte[]> Files, StoredForm Form, ImmutableArray<MergeEvent.Warning> Notes)
{
    private const string TypeKey = "general.type";
    private const string Model = "model";

    /// <summary>Opens a model and checks all of it but the values.</summary>
    /// <param name="path">Its file, or its first part.</param>
    /// <param name="mayKeepNames">Whether tensors may keep their names where they are no model of a known family.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2060, LORA2061, LORA2140.</exception>
    public static GgufWeights Open(string path, bool mayKeepNames)
    {
        try
        {
            LfsPointer.ThrowIf(path);
            using var model = GgufModel.Open(path);
            if (model.Metadata.TryGetText(TypeKey, out string? type) && type != Model && !mayKeepNames)
                throw Errors.GgufHoldsNoModel(path, type);
            return Of(model, path, mayKeepNames);
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

    private static GgufWeights Of(GgufModel model, string path, bool mayKeepNames)
    {
        try
        {
            RestoredModel restored = RestoredModel.Of(model);
            return Of(restored.Tensors, RestoredModel.DTypeOf(model), restored.Files,
                restored.TokenizerFault is { } fault ? [Diagnostics.Notes.GgufTokenizerLeftOut(path, fault.Message)] : []);
        }
        catch (GgufLayoutException e) when (mayKeepNames)
        {
            return Of(RestoredModel.TensorsAsNamed(model), RestoredModel.DTypeOf(model), ImmutableDictionary<string, byte[]>.Empty,
                [Diagnostics.Notes.GgufNamesKept(path, e.Message)]);
        }
    }

    private static GgufWeights Of(
        ImmutableArray<RestoredTensor> tensors, DType dtype, ImmutableDictionary<string, byte[]> files, ImmutableArray<MergeEvent.Warning> notes)
    {
        string types = string.Join(", ", tensors.CountBy(tensor => tensor.Values.Type).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} ({pair.Value})")));
        int quantised = tensors.Count(tensor => tensor.Values.Type.ElementsPerBlock() > 1);
        return new GgufWeights(ShardsOf(tensors, dtype), files, new StoredForm($"a GGUF file of {types}", quantised, dtype), notes);
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

    private static StoredTensor Stored(RestoredTensor tensor, DType dtype) =>
        GgufPacking.Stored(tensor.Name, tensor.Shape, tensor.File.Path, tensor.FileOffset, tensor.Values) with { PlainDType = dtype };
}
