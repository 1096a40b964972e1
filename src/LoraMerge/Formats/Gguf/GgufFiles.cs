using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Container;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats.Gguf;

/// <summary>Finds and opens models that are GGUF files.</summary>
internal static class GgufFiles
{
    /// <summary>The file of a model, or its first part: the path itself, or the only one of a folder that holds no other weights.</summary>
    /// <returns>Null where there is none, or more than one.</returns>
    public static string? Find(string path)
    {
        if (IsFile(path))
            return path;
        return Directory.Exists(path) && WeightFiles.Among(Names(path)) is { Form: WeightForm.Gguf, Entry: string entry } ? Path.Combine(path, entry) : null;
    }

    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2060.</exception>
    public static GgufModel Open(string file)
    {
        try
        {
            SpecialFile.ThrowIf(file);
            return GgufModel.Open(file);
        }
        catch (GgufFormatException e)
        {
            throw Errors.GgufInvalid(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    /// <summary>The bytes of each tensor of a model as they lie in its files, whatever their type.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2060.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> BytesIn(string file)
    {
        using GgufModel model = Open(file);
        return model.Tensors.ToDictionary(tensor => tensor.Name, tensor => BytesOf(tensor, model.FileOf(tensor)), StringComparer.Ordinal);
    }

    private static StoredTensor BytesOf(GgufTensor tensor, GgufReader file) => new(
        tensor.Name, DType.U8, [tensor.ByteLength], Path.GetFullPath(file.Path), file.Header.DataOffset + tensor.ByteOffset, tensor.ByteLength);

    private static bool IsFile(string path) => GgufNames.IsOne(path) && !Directory.Exists(path);

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(folder, e);
        }
    }
}
