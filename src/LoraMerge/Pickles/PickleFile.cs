using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LoraMerge.Pickles;

/// <summary>A file of <c>torch.save</c>: finds its tensors, runs nothing of it, and reads no tensor's bytes.</summary>
internal static class PickleFile
{
    /// <summary>Whether a file of this name is one, if it holds weights at all.</summary>
    public static bool IsNamedLikeOne(string file) => Path.GetExtension(file) is ".bin" or ".pt" or ".pth" or ".ckpt";

    /// <summary>Reads which tensors a file holds.</summary>
    /// <exception cref="LoraMergeException">LORA2014 to 2018, 2037.</exception>
    public static PickledFile Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        Span<byte> start = stackalloc byte[4];
        if (RandomAccess.Read(file, start, 0) < start.Length)
            throw Errors.PickleInvalid(path, "it is empty, or nearly so");
        (PickleValue root, Func<StorageClaim, StorageRange> find, IReadOnlyList<ChecksumRange> checksums) =
            start.SequenceEqual("PK\x03\x04"u8) ? ZipFormat.Read(file, path)
            : start[0] == (byte)PickleOpcode.PROTO ? LegacyFormat.Read(file, path)
            : throw Errors.PickleInvalid(path, "it begins like neither a zip archive nor a pickle");
        ImmutableArray<PickledTensor> tensors =
        [
            .. StateDict.TensorsOf(root, path)
                .Select(tensor => TensorPlace.Find(tensor.Name, tensor.Claim, find(tensor.Claim.Storage), path))
                .OrderBy(tensor => tensor.FileOffset).ThenBy(tensor => tensor.Name, StringComparer.Ordinal),
        ];
        return new PickledFile(tensors, [.. checksums.OrderBy(range => range.FileOffset)]);
    }
}
