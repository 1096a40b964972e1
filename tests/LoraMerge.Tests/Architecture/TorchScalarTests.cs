using LoraMerge.Deltas;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace LoraMerge.Tests.Architecture;

/// <summary>A number that torch reads lives until torch has returned: only <see cref="TensorArithmetic"/> hands any over. Read in the built code.</summary>
public sealed class TorchScalarTests
{
    private static readonly string[] Keepers = [typeof(TensorArithmetic).FullName!, typeof(Number).FullName!];

    private static readonly TorchScalars Scalars = TorchScalars.Known;

    [Fact]
    public void Scalars_of_TorchSharp_are_met_in_one_class_only()
    {
        ModuleDefinition[] ours = [.. OwnModules()];

        string[] uses = [.. ours.SelectMany(TorchScalars.MethodsOf).Where(method => !IsExcepted(method.DeclaringType)).SelectMany(UsesOf)];

        Assert.Contains(ours, module => module.Name == "LoraMerge.dll");
        Assert.True(
            uses.Length == 0,
            $"The garbage collector may take the number while torch reads it; {nameof(TensorArithmetic)} has what keeps it:\n{string.Join('\n', uses)}");
    }

    [Fact]
    public void There_each_scalar_lives_until_torch_has_returned()
    {
        using ModuleDefinition engine = TorchScalars.Open(typeof(TensorArithmetic).Assembly.Location);

        MethodDefinition[] methods = [.. TorchScalars.MethodsOf(engine).Where(method => Keepers.Contains(method.DeclaringType.FullName))];

        Assert.Contains(methods, method => Scalars.UsedBy(method).Any());
        Assert.All(methods, method => Assert.True(KeepsItsScalars(method), method.FullName));
    }

    [Fact]
    public void Every_way_to_a_scalar_is_found()
    {
        using ModuleDefinition tests = TorchScalars.Open(typeof(ScalarUses).Assembly.Location);
        TypeDefinition samples = tests.GetType(typeof(ScalarUses).FullName);
        MethodDefinition[] written = [.. samples.Methods.Where(method => method.IsPublic)];

        MethodDefinition[] found = [.. samples.NestedTypes.SelectMany(type => type.Methods).Concat(samples.Methods).Where(method => UsesOf(method).Any())];

        Assert.NotEmpty(written);
        Assert.All(written, method => Assert.Contains(found, made => made == method || IsMadeOf(made, method.Name)));
    }

    [Fact]
    public void Keeping_is_more_than_making()
    {
        using ModuleDefinition tests = TorchScalars.Open(typeof(ScalarUses).Assembly.Location);
        Dictionary<string, bool> kept = tests.GetType(typeof(ScalarUses).FullName).Methods
            .Where(method => method.IsPublic)
            .ToDictionary(method => method.Name, KeepsItsScalars);

        Assert.True(kept[nameof(ScalarUses.Kept)]);
        Assert.False(kept[nameof(ScalarUses.OneOfTwoKept)]);
        Assert.False(kept[nameof(ScalarUses.KeptTooShort)]);
        Assert.False(kept[nameof(ScalarUses.KeptBesideAHiddenOne)]);
        Assert.False(kept[nameof(ScalarUses.OperatorOfTwoTensors)]);
        Assert.False(kept[nameof(ScalarUses.ConversionOfAnArgument)]);
    }

    [Theory]
    [InlineData("op_Subtraction", "TorchSharp.torch/Tensor", "TorchSharp.torch/Tensor")]
    [InlineData("op_Multiply", "TorchSharp.torch/Tensor", "TorchSharp.torch/Tensor")]
    [InlineData("mul_", "TorchSharp.torch/Tensor")]
    [InlineData("norm", "System.Single")]
    public void What_makes_none_is_free(string name, params string[] parameters)
    {
        using ModuleDefinition torchSharp = TorchScalars.Open(typeof(TorchSharp.torch).Assembly.Location);

        MethodDefinition method = torchSharp.GetType("TorchSharp.torch/Tensor").Methods
            .Single(method => method.Name == name && method.Parameters.Select(parameter => parameter.ParameterType.FullName).SequenceEqual(parameters));

        Assert.False(Scalars.IsUse(method));
    }

    /// <summary>What lies beside the tests, they included, and knows TorchSharp.</summary>
    private static IEnumerable<ModuleDefinition> OwnModules() => Directory
        .EnumerateFiles(AppContext.BaseDirectory, "*.dll")
        .Where(file => Path.GetFileName(file).StartsWith("LoraMerge", StringComparison.Ordinal) || Path.GetFileName(file) == "lora-merge.dll")
        .Select(TorchScalars.Open)
        .Where(module => module.AssemblyReferences.Any(reference => reference.Name == "TorchSharp"));

    private static bool IsExcepted(TypeDefinition type) =>
        Keepers.Contains(type.FullName) || type.FullName == typeof(ScalarUses).FullName || (type.DeclaringType is TypeDefinition outer && IsExcepted(outer));

    /// <summary>Whether the compiler made it of something in a method: a lambda, a local function, an iterator's steps.</summary>
    private static bool IsMadeOf(MethodDefinition made, string name) =>
        made.Name.Contains($"<{name}>", StringComparison.Ordinal) || made.DeclaringType.Name.Contains($"<{name}>", StringComparison.Ordinal);

    private static IEnumerable<string> UsesOf(MethodDefinition method) => Scalars.UsedBy(method).Select(called => $"{method.FullName} calls {called.FullName}");

    /// <summary>
    /// Whether each scalar that a method makes is what it returns, or is held by a field that is never set again, or is disposed in a block that runs after the
    /// calls which take it; and whether these make none of their own.
    /// </summary>
    private static bool KeepsItsScalars(MethodDefinition method)
    {
        if (!method.HasBody || TorchScalars.IsScalar(method.ReturnType))
            return true;
        Instruction[] calls = [.. method.Body.Instructions.Where(instruction => instruction.Operand is MethodReference)];
        int made = calls.Count(call => GivesScalar(call)) - method.Body.Instructions.Count(IsKept);
        return calls.Where(call => !GivesScalar(call) && Scalars.IsUse((MethodReference)call.Operand))
            .All(call => !Scalars.Makes((MethodReference)call.Operand) && DisposedAfter(method.Body, call) == made);
    }

    private static bool GivesScalar(Instruction call) => TorchScalars.IsScalar(((MethodReference)call.Operand).ReturnType);

    private static bool IsKept(Instruction instruction) => instruction.OpCode == OpCodes.Stsfld
        && instruction.Operand is FieldReference field
        && TorchScalars.IsScalar(field.FieldType)
        && field.Resolve().IsInitOnly;

    private static int DisposedAfter(MethodBody body, Instruction call) => body.ExceptionHandlers.Count(handler =>
        handler.HandlerType == ExceptionHandlerType.Finally
        && handler.TryStart.Offset <= call.Offset
        && call.Offset < handler.TryEnd.Offset
        && body.Instructions.Any(instruction =>
            handler.HandlerStart.Offset <= instruction.Offset
            && instruction.Offset < handler.HandlerEnd.Offset
            && instruction.Operand is MethodReference { Name: "Dispose" }));
}
