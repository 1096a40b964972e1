using LoraMerge.Checkpoints;
using LoraMerge.Pickles;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests.Pickles;

public sealed class PickleReadingTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose()
    {
        _folder.Passed(); // the bytes are in the code
        _folder.Dispose();
    }

    private static readonly float[] Counting = [0, 1, 2, 3, 4, 5];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tensors_are_found_where_they_lie(bool isZip)
    {
        byte[] pickle = TinyPickle.StateDict(("b", new TinyTensor("0", 2, 3)), ("a", new TinyTensor("1", 2)));

        Dictionary<string, StoredTensor> tensors = Read(isZip, pickle, ("0", TinyTorchFile.Counting(6)), ("1", TinyTorchFile.Floats(7, 8)));

        Assert.Equal((DType.F32, "[2, 3]", 24L), (tensors["b"].DType, tensors["b"].ShapeText, tensors["b"].ByteLength));
        Assert.Equal(Counting, Values(tensors["b"]));
        Assert.Equal([7, 8], Values(tensors["a"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_names_of_one_storage_have_the_same_bytes(bool isZip)
    {
        byte[] pickle = TinyPickle.StateDict(("embed.weight", new TinyTensor("0", 2, 3)), ("head.weight", new TinyTensor("0", 2, 3)));

        Dictionary<string, StoredTensor> tensors = Read(isZip, pickle, ("0", TinyTorchFile.Counting(6)));

        Assert.Equal(tensors["embed.weight"].FileOffset, tensors["head.weight"].FileOffset);
        Assert.Equal(Counting, Values(tensors["head.weight"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Views_are_read_in_the_order_of_their_elements(bool isZip)
    {
        TinyTensor storage = new("0") { StorageLength = 6 };
        byte[] pickle = TinyPickle.StateDict(
            ("transposed", storage with { Shape = [3, 2], Strides = [1, 3] }),
            ("column", storage with { Shape = [2], Strides = [3], Offset = 1 }),
            ("tail", storage with { Shape = [4], Offset = 2 }),
            ("row", storage with { Shape = [1, 3], Strides = [99, 1], Offset = 3 }),
            ("scalar", storage with { Shape = [], Offset = 5 }),
            ("empty", storage with { Shape = [0, 3] })
        );

        Dictionary<string, StoredTensor> tensors = Read(isZip, pickle, ("0", TinyTorchFile.Counting(6)));

        Assert.Equal([0, 3, 1, 4, 2, 5], Values(tensors["transposed"]));
        Assert.Equal([1, 4], Values(tensors["column"]));
        Assert.Equal([2, 3, 4, 5], Values(tensors["tail"]));
        Assert.Equal([3, 4, 5], Values(tensors["row"]));
        Assert.Equal([5], Values(tensors["scalar"]));
        Assert.Empty(Values(tensors["empty"]));
        Assert.True(tensors["row"].Strides.IsDefault);
    }

    [Theory]
    [InlineData("DoubleStorage", DType.F64)]
    [InlineData("HalfStorage", DType.F16)]
    [InlineData("BFloat16Storage", DType.BF16)]
    [InlineData("LongStorage", DType.I64)]
    [InlineData("IntStorage", DType.I32)]
    [InlineData("ShortStorage", DType.I16)]
    [InlineData("CharStorage", DType.I8)]
    [InlineData("ByteStorage", DType.U8)]
    [InlineData("BoolStorage", DType.Bool)]
    [InlineData("ComplexFloatStorage", DType.C64)]
    public void Each_class_of_storage_is_a_dtype(string name, DType dtype)
    {
        byte[] pickle = TinyPickle.StateDict(("x", new TinyTensor("0", 3) { StorageClass = name }));

        Dictionary<string, StoredTensor> tensors = Read(true, pickle, ("0", new byte[3 * dtype.BitsPerElement() / 8]));

        Assert.Equal(dtype, tensors["x"].DType);
    }

    [Fact]
    public void A_storage_of_bytes_takes_the_dtype_that_the_tensor_states()
    {
        byte[] pickle = TinyPickle.Of(p =>
            p.Op(PickleOpcode.EMPTY_DICT)
                .Text("x")
                .Global("torch._utils", "_rebuild_tensor_v3")
                .Op(PickleOpcode.MARK)
                .Op(PickleOpcode.MARK)
                .Text("storage")
                .Global("torch.storage", "UntypedStorage")
                .Text("0")
                .Text("cpu")
                .Int(4)
                .Op(PickleOpcode.TUPLE)
                .Op(PickleOpcode.BINPERSID)
                .Int(1)
                .Tuple(3)
                .Tuple(1)
                .Op(PickleOpcode.NEWFALSE)
                .EmptyOrderedDictionary()
                .Global("torch", "float8_e4m3fn")
                .Op(PickleOpcode.TUPLE)
                .Op(PickleOpcode.REDUCE)
                .Op(PickleOpcode.SETITEM)
        );

        Dictionary<string, StoredTensor> tensors = Read(true, pickle, ("0", [1, 2, 3, 4]));

        Assert.Equal(DType.F8_E4M3, tensors["x"].DType);
        Assert.Equal([2, 3, 4], TensorTable.Bytes(tensors["x"]));
    }

    [Fact]
    public void Parameters_are_tensors()
    {
        byte[] pickle = TinyPickle.Of(p =>
            p.Op(PickleOpcode.EMPTY_DICT)
                .Text("x")
                .Global("torch._utils", "_rebuild_parameter")
                .Tensor(new TinyTensor("0", 6))
                .Op(PickleOpcode.NEWTRUE)
                .EmptyOrderedDictionary()
                .Op(PickleOpcode.TUPLE3)
                .Op(PickleOpcode.REDUCE)
                .Op(PickleOpcode.SETITEM)
        );

        Dictionary<string, StoredTensor> tensors = Read(true, pickle, ("0", TinyTorchFile.Counting(6)));

        Assert.Equal(Counting, Values(tensors["x"]));
    }

    [Fact]
    public void A_state_dict_with_metadata_is_read_without_it()
    {
        byte[] pickle = TinyPickle.Of(p => p.EmptyOrderedDictionary().Text("x").Tensor(new TinyTensor("0", 6)).Op(PickleOpcode.SETITEM)
            .Op(PickleOpcode.EMPTY_DICT).Text("_metadata").EmptyOrderedDictionary().Op(PickleOpcode.SETITEM).Op(PickleOpcode.BUILD));

        Dictionary<string, StoredTensor> tensors = Read(true, pickle, ("0", TinyTorchFile.Counting(6)));

        Assert.Equal(["x"], tensors.Keys);
    }

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model_state_dict")]
    [InlineData("model")]
    [InlineData("module")]
    public void A_state_dict_within_a_checkpoint_of_training_is_found(string key)
    {
        byte[] pickle = TinyPickle.Of(p => p.Op(PickleOpcode.EMPTY_DICT).Text("epoch").Int(3).Op(PickleOpcode.SETITEM)
            .Text(key).Dictionary(("x", new TinyTensor("0", 6))).Op(PickleOpcode.SETITEM)
            .Text("optimizer").Dictionary(("exp_avg", new TinyTensor("0", 6))).Op(PickleOpcode.SETITEM));

        Dictionary<string, StoredTensor> tensors = Read(true, pickle, ("0", TinyTorchFile.Counting(6)));

        Assert.Equal(["x"], tensors.Keys);
    }

    [Fact]
    public void An_archive_with_64_bit_fields_is_read()
    {
        var zip = new TinyZip { HasWideEnd = true };
        zip.Entries.AddRange(
            TinyTorchFile
                .ZipOf(TinyPickle.StateDict(("x", new TinyTensor("0", 6))), ("0", TinyTorchFile.Counting(6)))
                .Entries.Select(entry => entry with { IsWide = true })
        );

        Dictionary<string, StoredTensor> tensors = Read(zip.ToBytes());

        Assert.Equal(Counting, Values(tensors["x"]));
    }

    [Fact]
    public void A_part_of_a_legacy_storage_is_read()
    {
        byte[] pickle = TinyPickle.Of(p =>
            p.Op(PickleOpcode.EMPTY_DICT)
                .Text("x")
                .Global("torch._utils", "_rebuild_tensor")
                .Op(PickleOpcode.MARK)
                .Op(PickleOpcode.MARK)
                .Text("storage")
                .Global("torch", "FloatStorage")
                .Text("0")
                .Text("cpu")
                .Int(6)
                .Text("1")
                .Int(2)
                .Int(3)
                .Op(PickleOpcode.TUPLE3)
                .Op(PickleOpcode.TUPLE)
                .Op(PickleOpcode.BINPERSID)
                .Int(1)
                .Tuple(2)
                .Tuple(1)
                .Op(PickleOpcode.TUPLE)
                .Op(PickleOpcode.REDUCE)
                .Op(PickleOpcode.SETITEM)
        );

        Dictionary<string, StoredTensor> tensors = Read(false, pickle, ("0", TinyTorchFile.Counting(6)));

        Assert.Equal([3, 4], Values(tensors["x"]));
    }

    [Theory]
    [InlineData("torch-1.13-zip.bin")]
    [InlineData("torch-1.13-protocol-5.bin")]
    [InlineData("torch-1.13-legacy.bin")]
    public void Files_of_torch_hold_what_torch_wrote(string name)
    {
        string folder = Path.Combine(Repository.Root, "tests", "fixtures", "pickles");
        Dictionary<string, StoredTensor> expected = TensorTable.Headers(Path.Combine(folder, "expected.safetensors"));

        Dictionary<string, StoredTensor> tensors = TensorTable.Headers(Path.Combine(folder, name));

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), tensors.Keys.Order(StringComparer.Ordinal));
        foreach ((string key, StoredTensor tensor) in expected)
        {
            Assert.Equal((tensor.DType, tensor.ShapeText), (tensors[key].DType, tensors[key].ShapeText));
            Assert.Equal(TensorTable.Bytes(tensor), TensorTable.Bytes(tensors[key]));
        }
    }

    public static TheoryData<string> GoldenPickles =>
        [
            .. Directory
                .EnumerateFiles(GoldenCase.Root, "adapter_model.bin", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(GoldenCase.Root, file))
                .Where(file => !file.StartsWith("error", StringComparison.Ordinal)),
        ];

    [Theory]
    [MemberData(nameof(GoldenPickles))]
    public void Every_golden_pickle_is_read(string file)
    {
        Dictionary<string, StoredTensor> tensors = TensorTable.Headers(Path.Combine(GoldenCase.Root, file));

        Assert.NotEmpty(tensors);
        Assert.All(tensors.Values, tensor => Assert.All(TensorTable.Values(tensor), value => Assert.True(double.IsFinite(value))));
    }

    private Dictionary<string, StoredTensor> Read(bool isZip, byte[] pickle, params (string Key, byte[] Bytes)[] storages) =>
        Read(isZip ? TinyTorchFile.Zip(pickle, storages) : TinyTorchFile.Legacy(pickle, storages));

    private Dictionary<string, StoredTensor> Read(byte[] file)
    {
        File.WriteAllBytes(_folder["x.bin"], file);
        return TensorTable.Headers(_folder["x.bin"]);
    }

    private static float[] Values(StoredTensor tensor) => [.. TensorTable.Values(tensor).Select(value => (float)value)];
}
