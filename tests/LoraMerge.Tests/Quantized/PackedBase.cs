using System.Collections.Immutable;
using System.IO.Compression;
using LoraMerge.Checkpoints;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests.Quantized;

/// <summary>A golden quantised base, unpacked, whose tensors can be exchanged.</summary>
internal sealed class PackedBase
{
    private readonly string _weights;
    private readonly List<TinyTensor> _tensors;

    private PackedBase(string folder, string weights)
    {
        Folder = folder;
        _weights = weights;
        _tensors = [.. Shard.Read(weights).Tensors.Select(tensor => new TinyTensor(tensor.Name, tensor.DType, tensor.Shape, TensorTable.Bytes(tensor)))];
    }

    public static string Root { get; } = Path.Combine(Repository.Root, "tests", "fixtures", "golden-quantised");

    public static IEnumerable<string> Names => Directory.EnumerateFiles(Root, "*.zip").Select(file => Path.GetFileNameWithoutExtension(file))
        .Order(StringComparer.Ordinal);

    public string Folder { get; }

    public IReadOnlyList<TinyTensor> Tensors => _tensors;

    /// <param name="name">The case.</param>
    /// <param name="into">Folder for the case.</param>
    public static PackedBase Unpack(string name, string into)
    {
        ZipFile.ExtractToDirectory(Path.Combine(Root, name + ".zip"), into);
        string folder = Path.Combine(into, "base");
        return new PackedBase(folder, Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal).First());
    }

    /// <summary>Writes the weights with one tensor exchanged or left out; all others as they were.</summary>
    public void Write(TinyTensor tensor, TinyTensor? other) =>
        TinyTensor.Write(_weights, _tensors.Select(one => one == tensor ? other : one).OfType<TinyTensor>());

    /// <summary>Opens it, and makes all values of all quantised weights.</summary>
    public ImmutableArray<double[]> Decode()
    {
        using var files = new TensorFiles();
        return [.. Quantized().Select(tensor => Values(tensor.WideEnoughFor(DType.F64), files))];
    }

    public IEnumerable<QuantizedTensor> Quantized() => BaseModels.Open(Folder).Tensors.OfType<QuantizedTensor>();

    public static double[] Values(TensorSource tensor, TensorFiles files)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        tensor.ReadInto(files, 0, bytes);
        return [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(bytes)];
    }
}
