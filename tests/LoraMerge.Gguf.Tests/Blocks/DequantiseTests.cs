using System.Runtime.InteropServices;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Blocks;

/// <summary>Every type against what ggml's own code made of the same bytes, to the last bit.</summary>
public sealed class DequantiseTests : IDisposable
{
    private const string Archive = "dequantise.zip";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases => [.. Fixtures.FoldersOf(Archive)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_are_those_of_ggml(string name)
    {
        Fixtures.Unpack(Archive, name, _folder.Path);
        using GgufModel model = GgufModel.Open(_folder.File("model.gguf"));
        using SafetensorsReader exact = SafetensorsReader.Open(_folder.File("exact.safetensors"));

        Assert.Equal(exact.Header.Tensors.Length, model.Tensors.Count());
        foreach (GgufTensor tensor in model.Tensors)
        {
            Assert.True(exact.Header.TryFind(tensor.Name, out TensorEntry? entry));
            Assert.Equal(entry.Shape, tensor.Shape);
            Assert.Equal(DType.F64, entry.DType);
            double[] expected = new double[entry.ElementCount];
            exact.ReadInto(entry, 0, MemoryMarshal.AsBytes(expected.AsSpan()));

            float[] values = new float[tensor.ElementCount];
            TensorValues.Read(model.FileOf(tensor), tensor, 0, values);

            Assert.Equal(expected, Array.ConvertAll(values, value => (double)value));
        }
    }

    [Fact]
    public void The_cases_have_every_type()
    {
        var found = new HashSet<GgufType>();
        foreach (string name in Fixtures.FoldersOf(Archive))
        {
            string folder = Path.Combine(_folder.Path, name);
            Fixtures.Unpack(Archive, name, folder);
            found.UnionWith(GgufHeader.Read(Path.Combine(folder, "model.gguf")).Tensors.Select(tensor => tensor.Type));
        }

        Assert.Empty(BlockCodecs.All.Select(codec => codec.Type).Except(found));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 300)]
    [InlineData(255, 2)]
    [InlineData(256, 256)]
    [InlineData(511, 1)]
    [InlineData(100, 412)]
    public void Values_can_be_read_from_the_middle_of_a_block(int first, int count)
    {
        Fixtures.Unpack(Archive, "gguf-k", _folder.Path);
        using GgufModel model = GgufModel.Open(_folder.File("model.gguf"));
        GgufTensor tensor = model.Tensors.First(tensor => tensor.Type == GgufType.Q6_K && tensor.ElementCount >= 512);
        float[] all = new float[512];
        TensorValues.Read(model.FileOf(tensor), tensor, 0, all);

        float[] some = new float[count];
        TensorValues.Read(model.FileOf(tensor), tensor, first, some);

        Assert.Equal(all[first..(first + count)], some);
    }
}
