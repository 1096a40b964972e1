using LoraMerge.Diagnostics;
using LoraMerge.Pickles;

namespace LoraMerge.Tests.Pickles;

/// <summary>Tensors that are not where their pickle says, and dictionaries that are no weights.</summary>
public sealed class TensorAttackTests
{
    private static readonly TinyTensor Sound = new("0", 2, 3) { StorageLength = 6 };

    [Fact]
    public void A_tensor_longer_than_its_storage() => AssertRefused(Sound with { Shape = [2, 4] });

    [Fact]
    public void A_tensor_that_starts_behind_its_storage() => AssertRefused(Sound with { Offset = 6 });

    [Fact]
    public void A_tensor_that_starts_too_late() => AssertRefused(Sound with { Offset = 1 });

    [Fact]
    public void A_scalar_behind_its_storage() => AssertRefused(Sound with { Shape = [], Offset = 6 });

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_negative_number(long number)
    {
        AssertRefused(Sound with { Offset = number });
        AssertRefused(Sound with { Shape = [2, number] });
        AssertRefused(Sound with { Shape = [number, number] });
        AssertRefused(Sound with { Strides = [3, number] });
        AssertRefused(Sound with { StorageLength = number });
    }

    [Theory]
    [InlineData(1L << 32)]
    [InlineData(1L << 62)]
    [InlineData(long.MaxValue)]
    public void A_number_whose_multiples_overflow(long number)
    {
        AssertRefused(Sound with { Offset = number });
        AssertRefused(Sound with { Shape = [number, number] });
        AssertRefused(Sound with { Shape = [number, 4], Strides = [1, 1] });
        AssertRefused(Sound with { Strides = [number, number] });
        AssertRefused(Sound with { StorageLength = number });
    }

    [Fact]
    public void Strides_that_overflow_to_something_small() => AssertRefused(Sound with { Shape = [(1L << 32) + 1, 2], Strides = [1L << 32, 1] });

    [Fact]
    public void A_number_of_more_than_64_bits()
    {
        byte[] pickle = TinyPickle.Of(p =>
            p.Op(PickleOpcode.EMPTY_DICT)
                .Text("x")
                .Global("torch._utils", "_rebuild_tensor")
                .Op(PickleOpcode.MARK)
                .Storage(Sound)
                .Op(PickleOpcode.LONG1, 9)
                .Raw(0, 0, 0, 0, 0, 0, 0, 0, 1)
                .Tuple(2, 3)
                .Tuple(3, 1)
                .Op(PickleOpcode.TUPLE)
                .Op(PickleOpcode.REDUCE)
                .Op(PickleOpcode.SETITEM)
        );

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, TinyTorchFile.Zip(pickle, ("0", TinyTorchFile.Counting(6))));
    }

    [Fact]
    public void A_tensor_of_terabytes_in_four_bytes() =>
        AssertRefused(new TinyTensor("0", 1_000_000, 1_000_000) { StorageLength = 6, Strides = [0, 0] }, DiagnosticCode.PickleNotReadable);

    [Fact]
    public void A_stride_is_missing() => AssertRefused(Sound with { Strides = [3] });

    [Fact]
    public void A_storage_with_two_lengths()
    {
        byte[] pickle = TinyPickle.StateDict(("x", Sound), ("y", Sound with { StorageLength = 7 }));

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, TinyTorchFile.Zip(pickle, ("0", TinyTorchFile.Counting(6))));
        Attack.AssertRefused(DiagnosticCode.PickleInvalid, TinyTorchFile.Legacy(pickle, ("0", TinyTorchFile.Counting(6))));
    }

    [Fact]
    public void A_legacy_storage_that_is_listed_twice() => Attack.AssertRefused(DiagnosticCode.PickleInvalid,
        TinyTorchFile.Legacy(TinyPickle.StateDict(("x", Sound)), ("0", TinyTorchFile.Counting(6)), ("0", TinyTorchFile.Counting(6))));

    [Fact]
    public void A_legacy_storage_that_nothing_names() => Attack.AssertRefused(DiagnosticCode.PickleInvalid,
        TinyTorchFile.Legacy(TinyPickle.StateDict(("x", Sound)), ("0", TinyTorchFile.Counting(6)), ("1", TinyTorchFile.Counting(6))));

    [Theory]
    [InlineData(10_000_000_000UL)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void A_legacy_storage_that_claims_more_than_the_file_has(ulong count)
    {
        byte[] file = TinyTorchFile.Legacy(TinyPickle.StateDict(("x", Sound)), ("0", TinyTorchFile.Counting(6)));
        TinyPickle.UInt64(count).CopyTo(file, file.Length - 32);

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, file);
    }

    [Fact]
    public void A_name_that_is_there_twice() => Attack.AssertRefused(DiagnosticCode.DuplicateTensor,
        TinyTorchFile.Zip(TinyPickle.StateDict(("x", Sound), ("x", Sound)), ("0", TinyTorchFile.Counting(6))));

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void A_name_with_control_characters(string name) => Attack.AssertRefused(DiagnosticCode.PickleContentUnclear,
        TinyTorchFile.Zip(TinyPickle.StateDict((name, Sound)), ("0", TinyTorchFile.Counting(6))));

    [Fact]
    public void A_number_among_the_tensors() =>
        AssertUnclear(p => p.Dictionary(("x", Sound)).Text("step").Int(3).Op(PickleOpcode.SETITEM), "'step' is a number");

    [Fact]
    public void A_dictionary_of_numbers() => AssertUnclear(p => p.Op(PickleOpcode.EMPTY_DICT).Text("step").Int(3).Op(PickleOpcode.SETITEM), "without tensors");

    [Fact]
    public void A_single_tensor() => AssertUnclear(p => p.Tensor(Sound), "it holds a tensor");

    [Fact]
    public void Two_state_dicts() =>
        AssertUnclear(
            p =>
                p.Op(PickleOpcode.EMPTY_DICT)
                    .Text("model")
                    .Dictionary(("x", Sound))
                    .Op(PickleOpcode.SETITEM)
                    .Text("state_dict")
                    .Dictionary(("x", Sound))
                    .Op(PickleOpcode.SETITEM),
            "2 state dicts"
        );

    private static void AssertRefused(TinyTensor tensor, DiagnosticCode code = DiagnosticCode.PickleInvalid)
    {
        byte[] pickle = TinyPickle.StateDict(("x", tensor));

        Attack.AssertRefused(code, TinyTorchFile.Zip(pickle, ("0", TinyTorchFile.Counting(6))));
        Attack.AssertRefused(code, TinyTorchFile.Legacy(pickle, ("0", TinyTorchFile.Counting(6))));
    }

    private static void AssertUnclear(Action<TinyPickle> write, string reason)
    {
        LoraMergeException fault = Attack.AssertRefused(
            DiagnosticCode.PickleContentUnclear,
            TinyTorchFile.Zip(TinyPickle.Of(write), ("0", TinyTorchFile.Counting(6)))
        );

        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }
}
