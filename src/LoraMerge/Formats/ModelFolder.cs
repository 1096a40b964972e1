using System.IO.Hashing;
using LoraMerge.Beside;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats;

/// <summary>Writes what stands beside the weights of a merged model, and hashes it.</summary>
internal sealed class ModelFolder(string folder)
{
    private const int CopyLength = 1 << 20;

    private readonly SortedDictionary<string, string> _hashes = new(StringComparer.Ordinal);

    /// <summary>Relative path and XxHash128 of each file written.</summary>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <exception cref="LoraMergeException">LORA1109, LORA5020.</exception>
    public void Write(string relativePath, byte[] bytes)
    {
        using FileStream to = CreateOutput(Path.Combine(folder, relativePath));
        WriteOutput(to, bytes);
        Flush(to);
        _hashes[relativePath] = Convert.ToHexStringLower(XxHash128.Hash(bytes));
    }

    /// <summary>In pieces: a side file may be of any length, but not longer than it said; a link may lead to a device that never ends.</summary>
    /// <exception cref="LoraMergeException">LORA1109 to LORA1111, LORA5020.</exception>
    public void Copy(string source, string relativePath)
    {
        string path = Path.Combine(folder, relativePath);
        long rest = LengthOf(source);
        using FileStream from = OpenInput(source);
        using FileStream to = CreateOutput(path);
        var hash = new XxHash128();
        byte[] piece = new byte[CopyLength];
        for (int length; (length = ReadInput(from, piece)) > 0;)
        {
            if ((rest -= length) < 0)
                throw Errors.InputChangedDuringMerge(source);
            hash.Append(piece.AsSpan(0, length));
            WriteOutput(to, piece.AsSpan(0, length));
        }
        Flush(to);
        _hashes[relativePath] = Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>The files that go beside a plan's weights, and the index of its weight files.</summary>
    /// <param name="plan">With the weight files as they are written.</param>
    /// <param name="config">The base's.</param>
    /// <exception cref="LoraMergeException">LORA1109 to LORA1111, LORA5020.</exception>
    public void WriteBeside(MergePlan plan, ModelConfig config)
    {
        foreach (SideFile file in plan.SideFiles)
        {
            if (plan.ChangedBytes(file, config) is byte[] changed)
                Write(file.RelativePath, changed);
            else
                Copy(file.Source, file.RelativePath);
        }
        if (plan.IndexSource is string source)
            Copy(source, plan.IndexName!);
        else if (plan.IndexName is string index)
            Write(index, CheckpointIndex.ToBytes(
                plan.ByteLength, plan.Shards.SelectMany(shard => shard.Tensors.Select(tensor => KeyValuePair.Create(tensor.Name, shard.FileName)))));
    }

    private static long LengthOf(string file)
    {
        try
        {
            return FileStamp.Of(file).ByteLength;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    private static FileStream OpenInput(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(file, e);
        }
    }

    private static int ReadInput(FileStream file, byte[] piece)
    {
        try
        {
            return file.Read(piece);
        }
        catch (IOException e)
        {
            throw Errors.InputNotReadable(file.Name, e);
        }
    }

    private static FileStream CreateOutput(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.OutputNotWritable(path, e);
        }
    }

    private static void WriteOutput(FileStream file, ReadOnlySpan<byte> piece)
    {
        try
        {
            file.Write(piece);
        }
        catch (IOException e)
        {
            throw Errors.OutputNotWritable(file.Name, e);
        }
    }

    private static void Flush(FileStream file)
    {
        try
        {
            DiskFlush.OfFile(file, file.Name);
        }
        catch (IOException e)
        {
            throw Errors.OutputNotWritable(file.Name, e);
        }
    }
}
