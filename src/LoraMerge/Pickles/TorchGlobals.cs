using System.Collections.Frozen;
using LoraMerge.Safetensors;

namespace LoraMerge.Pickles;

/// <summary>The allow list: every name of Python's that a file of weights may use.</summary>
internal static class TorchGlobals
{
    private static readonly FrozenDictionary<(string Module, string Name), PickleValue.Global> Allowed = All()
        .ToFrozenDictionary(pair => pair.Name, pair => pair.Global);

    public static PickleValue.Global? Find(string module, string name) => Allowed.GetValueOrDefault((module, name));

    private static IEnumerable<((string, string) Name, PickleValue.Global Global)> All()
    {
        yield return Function("collections", "OrderedDict", TorchGlobal.OrderedDictionary);
        yield return Function("torch", "Tensor", TorchGlobal.TensorClass);
        yield return Function("torch.nn.parameter", "Parameter", TorchGlobal.TensorClass);
        yield return Function("torch._utils", "_rebuild_tensor", TorchGlobal.RebuildTensor);
        yield return Function("torch._utils", "_rebuild_tensor_v2", TorchGlobal.RebuildTensorV2);
        yield return Function("torch._utils", "_rebuild_tensor_v3", TorchGlobal.RebuildTensorV3);
        yield return Function("torch._utils", "_rebuild_parameter", TorchGlobal.RebuildParameter);
        yield return Function("torch._utils", "_rebuild_parameter_with_state", TorchGlobal.RebuildParameter);
        yield return Function("torch._tensor", "_rebuild_from_type_v2", TorchGlobal.RebuildFromType);
        foreach (
            (string module, string name) in ((string, string)[])
                [("torch.storage", "UntypedStorage"), ("torch.storage", "_UntypedStorage"), ("torch", "UntypedStorage")]
        )
            yield return Function(module, name, TorchGlobal.StorageClass);
        foreach ((string name, DType dtype) in ((string, DType)[])
            [("Double", DType.F64), ("Float", DType.F32), ("Half", DType.F16), ("BFloat16", DType.BF16), ("Long", DType.I64), ("Int", DType.I32),
             ("Short", DType.I16), ("Char", DType.I8), ("Byte", DType.U8), ("Bool", DType.Bool), ("ComplexFloat", DType.C64)])
            yield return Function("torch", name + "Storage", TorchGlobal.StorageClass, dtype);
        foreach ((string name, DType dtype) in ((string, DType)[])
            [("float64", DType.F64), ("float32", DType.F32), ("float16", DType.F16), ("bfloat16", DType.BF16), ("int64", DType.I64), ("int32", DType.I32),
             ("int16", DType.I16), ("int8", DType.I8), ("uint8", DType.U8), ("uint16", DType.U16), ("uint32", DType.U32), ("uint64", DType.U64),
             ("bool", DType.Bool), ("complex64", DType.C64), ("float8_e4m3fn", DType.F8_E4M3), ("float8_e5m2", DType.F8_E5M2),
             ("float8_e4m3fnuz", DType.F8_E4M3FNUZ), ("float8_e5m2fnuz", DType.F8_E5M2FNUZ), ("float8_e8m0fnu", DType.F8_E8M0)])
            yield return Function("torch", name, TorchGlobal.DType, dtype);
    }

    private static ((string, string), PickleValue.Global) Function(string module, string name, TorchGlobal meaning, DType? dtype = null) =>
        ((module, name), new PickleValue.Global($"{module}.{name}", meaning, dtype));
}
