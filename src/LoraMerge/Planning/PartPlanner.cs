using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Plans changes of a weight that the base's files hold as rows of a larger tensor, or as several tensors.</summary>
internal static class PartPlanner
{
    /// <summary>The changes of a module, tensor by tensor.</summary>
    /// <exception cref="LoraMergeException">LORA4002, LORA4025, LORA4061.</exception>
    public static ImmutableArray<TensorChange> Changes(AdaptedModule module, WeightParts parts, AppliedAdapter by)
    {
        ThrowIfNotInOrder(module.Path, parts, by);
        TensorSource whole = parts.AsOne;
        WeightChange[] changes = [.. module.ChangeWeight(new ModuleTarget(whole, by) { KnownTransposed = whole.Shape.Length == 2 ? false : null })];
        if (module.ChangesBias)
            throw Errors.PartNeedsPlainLora(module.Path, parts.Segments[0].Stored, by.Adapter.Path);
        return [.. changes.SelectMany(change => Parts(change, parts.Segments, by.Adapter.Path))];
    }

    /// <summary>The changes of a parameter that the adapter holds whole.</summary>
    /// <exception cref="LoraMergeException">LORA4002, LORA4061.</exception>
    public static ImmutableArray<TensorChange> Changes(SavedParameter saved, WeightParts parts, AppliedAdapter by)
    {
        ThrowIfNotInOrder($"{saved.Module}.{saved.Parameter}", parts, by);
        TensorSource whole = parts.AsOne;
        if (!saved.Tensor.Shape.AsSpan().SequenceEqual(whole.Shape.AsSpan()))
            throw Errors.SavedShapeMismatch(saved.Tensor, whole, by.Adapter.Path);
        return [.. Parts(new MovedChange(by.Index, saved.Module, saved.Tensor, by.Weight), parts.Segments, by.Adapter.Path)];
    }

    private static void ThrowIfNotInOrder(string name, WeightParts parts, AppliedAdapter by)
    {
        if (!parts.IsInOrder)
            throw Errors.RowsNotInOrder(name, parts.Segments[0].Stored, by.Adapter.Path);
    }

    private static IEnumerable<TensorChange> Parts(WeightChange change, ImmutableArray<RowSegment> segments, string adapter)
    {
        foreach (RowSegment segment in segments)
        {
            WeightChange rows = (segments.Length == 1 ? change : change.OfRows(segment.FirstTrained, segment.RowCount))
                ?? throw Errors.PartNeedsPlainLora(change.Module, segment.Stored, adapter);
            if (!segment.IsWholeTensor)
                rows = PartOf(rows, segment) ?? throw Errors.PartNeedsPlainLora(change.Module, segment.Stored, adapter);
            yield return new TensorChange(segment.Stored.Name, rows);
        }
    }

    /// <summary>A part is counted in rows of the last dimension: a vector is one. Null for what has to see the whole weight.</summary>
    private static PartChange? PartOf(WeightChange change, RowSegment segment) => (change, segment.Stored.Shape) switch
    {
        ({ CanBePart: true }, [_, var width]) => new PartChange(change, new PartPlace(segment.FirstRow, segment.RowCount, 0, width)),
        (MovedChange moved, [_]) => new PartChange(
            moved with { Values = moved.Values with { Shape = [1, segment.RowCount] } }, new PartPlace(0, 1, segment.FirstRow, segment.RowCount)),
        _ => null,
    };
}
