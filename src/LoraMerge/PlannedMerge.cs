using System.Collections.Immutable;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Formats;
using LoraMerge.Planning;

namespace LoraMerge;

/// <summary>A merge that was planned and not done.</summary>
public sealed class PlannedMerge
{
    internal PlannedMerge(string baseName, ImmutableArray<string> adapterNames, MergePlan plan, ModelLayout layout, long memoryBytes)
    {
        BaseName = baseName;
        AdapterNames = adapterNames;
        Plan = plan;
        Layout = layout;
        MemoryBytes = memoryBytes;
    }

    /// <summary>Name of the base model.</summary>
    public string BaseName { get; }

    /// <summary>Names of the adapters, in order.</summary>
    public ImmutableArray<string> AdapterNames { get; }

    /// <summary>About how much memory the merge would hold.</summary>
    public long MemoryBytes { get; }

    /// <summary>All tensors of the result.</summary>
    public int TensorCount => Plan.Tensors.Count();

    /// <summary>Bytes of all weights of the result.</summary>
    public long ByteLength => Layout.ByteLengthOf(Layout.Plan);

    /// <summary>The files that would be written, beside the manifest.</summary>
    public IEnumerable<string> FileNames => Layout.FileNames;

    /// <summary>The tensors that would be computed; all others are copied.</summary>
    public IEnumerable<PlannedTensorChange> Changes =>
        Plan.Tensors.OfType<PlannedTensor.Computed>().Select(tensor => new PlannedTensorChange(tensor.Name, tensor.DType, tensor.Shape, [.. StepsOf(tensor)]));

    internal MergePlan Plan { get; }

    /// <summary>What it becomes in the format that was asked for.</summary>
    internal ModelLayout Layout { get; }

    private IEnumerable<string> StepsOf(PlannedTensor.Computed tensor)
    {
        if (tensor.ReplacedBy is int adapter)
            yield return $"replaced by {AdapterNames[adapter]}";
        foreach (WeightChange change in tensor.Changes)
            yield return change.Describe(number => AdapterNames[number]);
        if (tensor.Changes.IsEmpty && tensor.ReplacedBy is null)
            yield return tensor.Source is StoredTensor { Packing: null } ? $"from {tensor.Source.DType}" : "dequantised";
    }
}
