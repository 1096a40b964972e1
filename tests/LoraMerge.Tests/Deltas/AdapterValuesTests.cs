using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Devices;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

/// <summary>An adapter's tensor is read in pieces of a million elements, so that it may be of any size.</summary>
public sealed class AdapterValuesTests
{
    private const int RowLength = 700_000;

    static AdapterValuesTests() => NativeLibraries.Load(null);

    [Fact]
    public void All_elements_come_to_their_places_whatever_the_pieces()
    {
        using var folder = new TestFolder();
        using var files = new TensorFiles();
        using var scope = NewDisposeScope();
        StoredTensor stored = Write(folder["adapter.safetensors"]);

        Tensor whole = AdapterValues.Read(stored, files, ScalarType.Float32, CPU);
        Tensor rows = AdapterValues.ReadRows(stored, 1, 2, files, ScalarType.Float64, CPU);

        Tensor expected = TensorArithmetic.CountFrom(0, 3 * RowLength, CPU).Modulo(1000).view(3, RowLength);
        Assert.True(whole.equal(expected.to(ScalarType.Float32)).all().item<bool>());
        Assert.True(rows.equal(expected.narrow(0, 1, 2).to(ScalarType.Float64)).all().item<bool>());
        Assert.Equal(ScalarType.Float64, rows.dtype);
        folder.Passed();
    }

    [Fact]
    public void Transposed_tensor_is_read_as_if_its_elements_followed_one_another()
    {
        using var folder = new TestFolder();
        using var files = new TensorFiles();
        using var scope = NewDisposeScope();

        Tensor read = AdapterValues.Read(Write(folder["adapter.safetensors"]).Transposed(), files, ScalarType.Float32, CPU);

        Tensor expected = TensorArithmetic.CountFrom(0, 3 * RowLength, CPU).Modulo(1000).view(3, RowLength).t();
        Assert.True(read.equal(expected.to(ScalarType.Float32)).all().item<bool>());
        folder.Passed();
    }

    [Fact]
    public void Number_that_is_none_is_named_by_its_place_in_the_whole_tensor()
    {
        using var folder = new TestFolder();
        using var files = new TensorFiles();
        StoredTensor stored = Write(folder["adapter.safetensors"], nanAt: 2_000_000);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => AdapterValues.Read(stored, files, ScalarType.Float32, CPU));

        Assert.Equal(DiagnosticCode.AdapterNotFinite, fault.Code);
        Assert.Contains("(element 2000000)", fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    /// <summary>Three rows, whose elements are their number in the tensor modulo 1000.</summary>
    private static StoredTensor Write(string file, long nanAt = -1)
    {
        WeightFile.Write(file, [("a", DType.F16, [3, RowLength])], (_, offset, bytes) =>
        {
            for (int i = 0; i < bytes.Length; i += 2)
                BitConverter.TryWriteBytes(bytes[i..], (offset + i) / 2 == nanAt ? Half.NaN : (Half)((offset + i) / 2 % 1000));
        });
        return Assert.Single(Shard.Read(file).Tensors);
    }
}
