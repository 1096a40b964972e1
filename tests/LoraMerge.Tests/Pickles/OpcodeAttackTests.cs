using LoraMerge.Diagnostics;
using LoraMerge.Pickles;

namespace LoraMerge.Tests.Pickles;

/// <summary>Pickles that would make Python import, call or build something.</summary>
public sealed class OpcodeAttackTests
{
    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("nt", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "exec")]
    [InlineData("__builtin__", "getattr")]
    [InlineData("subprocess", "Popen")]
    [InlineData("torch", "load")]
    [InlineData("torch.hub", "load")]
    [InlineData("torch._utils", "_rebuild_qtensor")]
    [InlineData("torch._utils", "_rebuild_tensor_v2.__globals__")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    [InlineData("torch", "FloatStorage.from_file")]
    [InlineData("torch", "QInt8Storage")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    [InlineData("System.Diagnostics.Process", "Start")]
    [InlineData("LoraMerge.Merger", "Inspect")]
    [InlineData("", "")]
    public void A_name_that_tensors_do_not_need(string module, string name)
    {
        LoraMergeException fault = Refuse(pickle => pickle.Global(module, name).Text("touch x").Op(PickleOpcode.TUPLE1).Op(PickleOpcode.REDUCE));

        Assert.Contains($"'{module}.{name}' (GLOBAL) at byte 2 ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_from_the_stack()
    {
        LoraMergeException fault = Refuse(pickle =>
            pickle.Text("posix").Text("system").Op(PickleOpcode.STACK_GLOBAL).Text("id").Op(PickleOpcode.TUPLE1).Op(PickleOpcode.REDUCE)
        );

        Assert.Contains("'posix.system' (STACK_GLOBAL) at byte 23 ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_from_the_stack_that_is_no_text() =>
        Refuse(pickle => pickle.Int(1).Int(2).Op(PickleOpcode.STACK_GLOBAL), DiagnosticCode.PickleInvalid);

    [Fact]
    public void A_name_that_would_break_the_line_of_the_error() =>
        Refuse(pickle => pickle.Text("x\nerror LORA1: ").Text("\u001b[2J").Op(PickleOpcode.STACK_GLOBAL));

    [Theory]
    [InlineData(PickleOpcode.INST)]
    [InlineData(PickleOpcode.OBJ)]
    [InlineData(PickleOpcode.NEWOBJ)]
    [InlineData(PickleOpcode.NEWOBJ_EX)]
    [InlineData(PickleOpcode.EXT1)]
    [InlineData(PickleOpcode.EXT2)]
    [InlineData(PickleOpcode.EXT4)]
    [InlineData(PickleOpcode.PERSID)]
    [InlineData(PickleOpcode.EMPTY_SET)]
    [InlineData(PickleOpcode.ADDITEMS)]
    [InlineData(PickleOpcode.FROZENSET)]
    [InlineData(PickleOpcode.BYTEARRAY8)]
    [InlineData(PickleOpcode.NEXT_BUFFER)]
    [InlineData(PickleOpcode.READONLY_BUFFER)]
    [InlineData(PickleOpcode.DICT)]
    [InlineData(PickleOpcode.LIST)]
    [InlineData(PickleOpcode.INT)]
    [InlineData(PickleOpcode.LONG)]
    [InlineData(PickleOpcode.FLOAT)]
    [InlineData(PickleOpcode.STRING)]
    [InlineData(PickleOpcode.UNICODE)]
    [InlineData(PickleOpcode.GET)]
    [InlineData(PickleOpcode.PUT)]
    internal void An_instruction_that_tensors_do_not_need(PickleOpcode opcode)
    {
        LoraMergeException fault = Refuse(pickle =>
            pickle
                .Op(PickleOpcode.MARK)
                .Global("collections", "OrderedDict")
                .Op(PickleOpcode.EMPTY_TUPLE)
                .Op(PickleOpcode.EMPTY_DICT)
                .Op(opcode)
                .Raw("os\nsystem\n"u8)
        );

        Assert.Contains($"the instruction {opcode} at byte 30 ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x7f)]
    [InlineData(0x99)]
    [InlineData(0xff)]
    public void An_instruction_that_does_not_exist(byte opcode)
    {
        LoraMergeException fault = Refuse(pickle => pickle.Raw(opcode));

        Assert.Contains($"the unknown instruction 0x{opcode:x2} at byte 2 ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torch._utils", "_rebuild_tensor_v2")]
    [InlineData("torch._utils", "_rebuild_tensor_v3")]
    [InlineData("torch._utils", "_rebuild_parameter")]
    [InlineData("torch._tensor", "_rebuild_from_type_v2")]
    [InlineData("torch", "Tensor")]
    [InlineData("torch", "FloatStorage")]
    [InlineData("torch", "float32")]
    [InlineData("collections", "OrderedDict")]
    public void A_call_of_a_known_name_with_odd_arguments(string module, string name) =>
        Refuse(pickle => pickle.Global(module, name).Text("a").Text("b").Op(PickleOpcode.TUPLE2).Op(PickleOpcode.REDUCE));

    [Fact]
    public void A_call_of_something_that_is_no_function() =>
        Refuse(pickle => pickle.Text("os.system").Op(PickleOpcode.EMPTY_TUPLE).Op(PickleOpcode.REDUCE));

    [Fact]
    public void A_call_without_a_tuple() =>
        Refuse(pickle => pickle.Global("collections", "OrderedDict").Text("x").Op(PickleOpcode.REDUCE), DiagnosticCode.PickleInvalid);

    [Fact]
    public void A_function_hidden_in_rebuild_from_type() => Refuse(pickle => pickle
        .Global("torch._tensor", "_rebuild_from_type_v2").Op(PickleOpcode.MARK)
        .Global("torch._tensor", "_rebuild_from_type_v2").Global("torch", "Tensor").Op(PickleOpcode.EMPTY_TUPLE).Op(PickleOpcode.NONE)
        .Op(PickleOpcode.TUPLE).Op(PickleOpcode.REDUCE));

    [Fact]
    public void A_state_for_something_that_is_no_ordered_dictionary() =>
        Refuse(pickle => pickle.Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.BUILD));

    [Fact]
    public void A_state_for_a_tensor() =>
        Refuse(pickle => pickle.Tensor(new TinyTensor("0", 1)).Op(PickleOpcode.EMPTY_DICT).Op(PickleOpcode.BUILD));

    [Fact]
    public void A_state_that_is_no_dictionary() =>
        Refuse(pickle => pickle.EmptyOrderedDictionary().Text("x").Op(PickleOpcode.BUILD));

    [Fact]
    public void A_persistent_id_that_is_a_text() => Refuse(pickle => pickle.Text("storage").Op(PickleOpcode.BINPERSID));

    [Fact]
    public void A_persistent_id_that_names_a_module() => Refuse(pickle => pickle
        .Op(PickleOpcode.MARK).Text("module").Global("torch", "Tensor").Text("x.py").Text("import os").Op(PickleOpcode.TUPLE).Op(PickleOpcode.BINPERSID));

    [Fact]
    public void A_persistent_id_with_another_class() => Refuse(pickle => pickle
        .Op(PickleOpcode.MARK).Text("storage").Global("torch", "Tensor").Text("0").Text("cpu").Int(1).Op(PickleOpcode.TUPLE).Op(PickleOpcode.BINPERSID));

    [Fact]
    public void The_same_attacks_in_a_legacy_file()
    {
        byte[] file = [.. TinyTorchFile.LegacyHead(), .. TinyPickle.Of(pickle => pickle.Global("os", "system"))];

        LoraMergeException fault = Attack.AssertRefused(DiagnosticCode.PickleUnsafe, file);

        Assert.Contains("'os.system' (GLOBAL)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_attacks_instead_of_the_magic_number() =>
        Attack.AssertRefused(DiagnosticCode.PickleUnsafe, TinyPickle.Of(pickle => pickle.Global("os", "system")));

    private static LoraMergeException Refuse(Action<TinyPickle> write, DiagnosticCode code = DiagnosticCode.PickleUnsafe) =>
        Attack.AssertRefused(code, TinyTorchFile.Zip(TinyPickle.Of(write), ("0", TinyTorchFile.Counting(1))));
}
