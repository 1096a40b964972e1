using System.IO.Hashing;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;

namespace LoraMerge.Merging;

/// <summary>Writes what stands beside the weights of a merged model, and hashes it.</summary>
internal sealed class ModelFolder(string folder)
{
    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);

    /// <summary>Relative path and XxHash128 of each file written.</summary>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <summary>Side files, configuration and index.</summary>
    /// <exception cref="LoraMergeException">LORA1109, LORA1110.</exception>
    public void Write(MergePlan plan, ModelConfig config)
    {
        foreach (SideFile file in plan.SideFiles)
        {
            if (file.RelativePath == "config.json" && !plan.ConfigChanges.IsEmpty)
                Write(file.RelativePath, config.With(plan.ConfigChanges));
            else
                Write(file.RelativePath, Read(file.Source));
        }
        if (plan.HasIndex)
            WriteIndex(plan);
    }

    /// <exception cref="LoraMergeException">LORA1109.</exception>
    public void Write(string relativePath, byte[] bytes)
    {
        string path = Path.Combine(folder, relativePath);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(path, e);
        }
        _hashes[relativePath] = Convert.ToHexStringLower(XxHash128.Hash(bytes));
    }

    private void WriteIndex(MergePlan plan)
    {
        if (plan.IndexSource is string source)
            Write(Path.GetFileName(source), Read(source));
        else
            Write("model.safetensors.index.json", CheckpointIndex.ToBytes(
                plan.ByteLength,
                plan.Shards.SelectMany(shard => shard.Tensors.Select(tensor => KeyValuePair.Create(tensor.Name, shard.FileName)))));
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }
}
