namespace LoraMerge.Pickles;

/// <summary>What an allowed name of Python's stands for.</summary>
internal enum TorchGlobal
{
    OrderedDictionary,
    TensorClass,
    StorageClass,
    DType,

    /// <summary><c>_rebuild_tensor(storage, offset, size, stride)</c>.</summary>
    RebuildTensor,

    /// <summary><c>_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])</c>.</summary>
    RebuildTensorV2,

    /// <summary><c>_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata])</c>.</summary>
    RebuildTensorV3,

    /// <summary><c>_rebuild_parameter(tensor, requires_grad, hooks)</c>, and with a state behind them.</summary>
    RebuildParameter,

    /// <summary><c>_rebuild_from_type_v2(function, type, arguments, state)</c>: a tensor with Python attributes, which are left out.</summary>
    RebuildFromType,
}
