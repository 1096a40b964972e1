using LoraMerge.Diagnostics;
using LoraMerge.Pickles;

namespace LoraMerge.Tests.Pickles;

/// <summary>Pickles that claim or would make far more than they are long, and pickles that are not whole.</summary>
public sealed class PickleBombTests
{
    private const ulong TenGigabytes = 10_000_000_000;

    [Fact]
    public void Lists_that_double_at_every_step()
    {
        byte[] pickle = TinyPickle.Of(p =>
        {
            p.Text("lol").Op(PickleOpcode.MEMOIZE);
            for (int level = 0; level < 200; level++)
                p.Op(PickleOpcode.BINGET, (byte)level).Op(PickleOpcode.BINGET, (byte)level).Op(PickleOpcode.TUPLE2).Op(PickleOpcode.MEMOIZE);
        });

        AssertRefused(DiagnosticCode.PickleContentUnclear, pickle);
    }

    [Fact]
    public void A_dictionary_of_names_that_double_at_every_step()
    {
        byte[] pickle = TinyPickle.Of(p =>
        {
            p.Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.MEMOIZE);
            for (int level = 0; level < 200; level++)
            {
                p.Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.MEMOIZE)
                    .Text("state_dict").Op(PickleOpcode.BINGET, (byte)level).Op(PickleOpcode.SETITEM)
                    .Text("model").Op(PickleOpcode.BINGET, (byte)level).Op(PickleOpcode.SETITEM);
            }
        });

        AssertRefused(DiagnosticCode.PickleContentUnclear, pickle);
    }

    [Fact]
    public void A_long_list_that_is_copied_again_and_again()
    {
        byte[] pickle = TinyPickle.Of(p =>
        {
            p.Op(PickleOpcode.EMPTY_LIST).Op(PickleOpcode.MARK);
            for (int i = 0; i < 10_000; i++)
                p.Int(1).Int(2).Op(PickleOpcode.TUPLE2);
            p.Op(PickleOpcode.APPENDS).Op(PickleOpcode.TUPLE1).Op(PickleOpcode.BINPUT, 0).Global("collections", "OrderedDict").Op(PickleOpcode.BINPUT, 1);
            for (int i = 0; i < 100_000; i++)
                p.Op(PickleOpcode.BINGET, 1).Op(PickleOpcode.BINGET, 0).Op(PickleOpcode.REDUCE);
        });

        AssertRefused(DiagnosticCode.PickleInvalid, pickle, allocatedMegabytes: 200);
    }

    [Fact]
    public void A_long_name_that_is_set_again_and_again()
    {
        byte[] pickle = TinyPickle.Of(p =>
        {
            p.Text(new string('x', PickleBytes.MaxTextLength)).Op(PickleOpcode.BINPUT, 0).Op(PickleOpcode.EMPTY_DICT);
            for (int i = 0; i < 600_000; i++)
                p.Op(PickleOpcode.BINGET, 0).Op(PickleOpcode.NONE).Op(PickleOpcode.SETITEM);
        });

        AssertRefused(DiagnosticCode.PickleContentUnclear, pickle, allocatedMegabytes: 200);
    }

    [Theory]
    [InlineData(PickleOpcode.EMPTY_DICT, DiagnosticCode.PickleInvalid)]
    [InlineData(PickleOpcode.EMPTY_LIST, DiagnosticCode.PickleInvalid)]
    [InlineData(PickleOpcode.MARK, DiagnosticCode.PickleInvalid)]
    [InlineData(PickleOpcode.NONE, DiagnosticCode.PickleInvalid)]
    internal void Millions_of_values(PickleOpcode opcode, DiagnosticCode code)
    {
        byte[] pickle = new byte[5_000_000];
        pickle.AsSpan().Fill((byte)opcode);

        AssertRefused(code, pickle, allocatedMegabytes: 300);
    }

    [Fact]
    public void Tuples_nested_a_million_times()
    {
        byte[] pickle = TinyPickle.Of(p =>
        {
            p.Op(PickleOpcode.EMPTY_TUPLE);
            for (int i = 0; i < 1_000_000; i++)
                p.Op(PickleOpcode.TUPLE1);
        });

        AssertRefused(DiagnosticCode.PickleContentUnclear, pickle, allocatedMegabytes: 300);
    }

    [Fact]
    public void A_list_that_holds_itself() => AssertRefused(DiagnosticCode.PickleContentUnclear, TinyPickle.Of(p => p
        .Op(PickleOpcode.EMPTY_LIST).Op(PickleOpcode.BINPUT, 0).Op(PickleOpcode.BINGET, 0).Op(PickleOpcode.APPEND)));

    [Fact]
    public void A_state_dict_that_is_its_own() => AssertRefused(DiagnosticCode.PickleContentUnclear, TinyPickle.Of(p => p
        .Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.BINPUT, 0).Text("state_dict").Op(PickleOpcode.BINGET, 0).Op(PickleOpcode.SETITEM)));

    [Fact]
    public void A_dictionary_that_is_its_own_key() => AssertRefused(DiagnosticCode.PickleContentUnclear, TinyPickle.Of(p => p
        .Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.BINPUT, 0).Op(PickleOpcode.BINGET, 0).Tensor(new TinyTensor("0", 1)).Op(PickleOpcode.SETITEM)));

    [Fact]
    public void A_tuple_of_sides_that_is_far_too_long() =>
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.StateDict(("x", new TinyTensor("0", new long[100_000]))), allocatedMegabytes: 32);

    [Theory]
    [InlineData(PickleOpcode.BINUNICODE8)]
    [InlineData(PickleOpcode.BINBYTES8)]
    internal void Ten_gigabytes_claimed_in_64_bits(PickleOpcode opcode) =>
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(opcode, TinyPickle.UInt64(TenGigabytes))));

    [Theory]
    [InlineData(PickleOpcode.BINUNICODE8)]
    [InlineData(PickleOpcode.BINBYTES8)]
    internal void More_claimed_than_numbers_go(PickleOpcode opcode) =>
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(opcode, TinyPickle.UInt64(ulong.MaxValue))));

    [Theory]
    [InlineData(PickleOpcode.BINUNICODE)]
    [InlineData(PickleOpcode.BINSTRING)]
    [InlineData(PickleOpcode.BINBYTES)]
    [InlineData(PickleOpcode.LONG4)]
    internal void Gigabytes_claimed_in_32_bits(PickleOpcode opcode)
    {
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(opcode, TinyPickle.UInt32(uint.MaxValue))));
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(opcode, TinyPickle.UInt32(int.MaxValue))));
    }

    [Fact]
    public void A_frame_that_claims_ten_gigabytes_is_nothing_but_a_claim() =>
        AssertRefused(DiagnosticCode.PickleContentUnclear, TinyPickle.Of(p => p.Op(PickleOpcode.FRAME, TinyPickle.UInt64(TenGigabytes)).Op(PickleOpcode.NONE)));

    [Fact]
    public void A_memo_of_four_billion_places() => AssertRefused(DiagnosticCode.PickleContentUnclear, TinyPickle.Of(p => p
        .Op(PickleOpcode.NONE).Op(PickleOpcode.LONG_BINPUT, TinyPickle.UInt32(uint.MaxValue))));

    [Fact]
    public void A_memo_place_that_is_empty() =>
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(PickleOpcode.LONG_BINGET, TinyPickle.UInt32(7))));

    [Fact]
    public void A_text_of_ten_megabytes()
    {
        byte[] pickle = TinyPickle.Of(p => p.Text(new string('x', 10_000_000)));

        AssertRefused(DiagnosticCode.PickleInvalid, pickle);
    }

    [Fact]
    public void A_legacy_file_of_ten_gigabytes_that_is_one_pickle()
    {
        using var folder = new TestFolder();
        using (FileStream stream = File.Create(folder["adapter_model.bin"]))
        {
            stream.Write([.. TinyTorchFile.LegacyHead(), (byte)PickleOpcode.BINBYTES8, .. TinyPickle.UInt64(TenGigabytes - 1000)]);
            stream.SetLength((long)TenGigabytes); // sparse
        }

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, folder["adapter_model.bin"]);

        folder.Passed();
    }

    [Theory]
    [InlineData(PickleOpcode.POP)]
    [InlineData(PickleOpcode.POP_MARK)]
    [InlineData(PickleOpcode.DUP)]
    [InlineData(PickleOpcode.APPEND)]
    [InlineData(PickleOpcode.APPENDS)]
    [InlineData(PickleOpcode.SETITEM)]
    [InlineData(PickleOpcode.SETITEMS)]
    [InlineData(PickleOpcode.TUPLE)]
    [InlineData(PickleOpcode.TUPLE1)]
    [InlineData(PickleOpcode.TUPLE2)]
    [InlineData(PickleOpcode.TUPLE3)]
    [InlineData(PickleOpcode.MEMOIZE)]
    [InlineData(PickleOpcode.REDUCE)]
    [InlineData(PickleOpcode.BUILD)]
    [InlineData(PickleOpcode.BINPERSID)]
    [InlineData(PickleOpcode.STACK_GLOBAL)]
    [InlineData(PickleOpcode.STOP)]
    internal void An_instruction_on_an_empty_stack(PickleOpcode opcode) => AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(opcode)));

    [Fact]
    public void A_value_below_a_mark_is_out_of_reach() =>
        AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(PickleOpcode.NONE).Op(PickleOpcode.MARK).Op(PickleOpcode.TUPLE1)));

    [Fact]
    public void A_pickle_cut_at_every_byte()
    {
        byte[] pickle = TinyPickle.StateDict(("x", new TinyTensor("0", 1)));

        for (int length = 0; length < pickle.Length; length++)
            AssertRefused(DiagnosticCode.PickleInvalid, pickle[..length]);
    }

    [Fact]
    public void A_legacy_file_cut_at_every_byte()
    {
        byte[] file = TinyTorchFile.Legacy(TinyPickle.StateDict(("x", new TinyTensor("0", 2))), ("0", TinyTorchFile.Counting(2)));

        for (int length = 0; length < file.Length; length++)
            Attack.AssertRefused(DiagnosticCode.PickleInvalid, file[..length]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    public void A_protocol_that_is_not_read(byte protocol) => AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(_ => { }, protocol));

    [Fact]
    public void A_name_that_is_no_UTF_8() => AssertRefused(DiagnosticCode.PickleInvalid, TinyPickle.Of(p => p.Op(PickleOpcode.SHORT_BINUNICODE, 1, 0xff)));

    [Fact]
    public void Noise_is_refused_and_breaks_nothing()
    {
        var random = new Random(1);
        byte[] sound = TinyTorchFile.Zip(
            TinyPickle.StateDict(("x", new TinyTensor("0", 2, 2)), ("y", new TinyTensor("1", 3))),
            ("0", TinyTorchFile.Counting(4)),
            ("1", TinyTorchFile.Counting(3))
        );
        using var folder = new TestFolder();

        for (int i = 0; i < 1000; i++)
        {
            byte[] file = [.. sound];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                file[random.Next(file.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["x.bin"], file);
            Exception? fault = Record.Exception(() => PickleFile.Read(folder["x.bin"]));
            Assert.True(fault is null or LoraMergeException, fault?.ToString());
        }

        folder.Passed();
    }

    private static void AssertRefused(DiagnosticCode code, byte[] pickle, long allocatedMegabytes = 8) =>
        Attack.AssertRefused(code, TinyTorchFile.Zip(pickle, ("0", TinyTorchFile.Counting(1))), allocatedMegabytes);
}
