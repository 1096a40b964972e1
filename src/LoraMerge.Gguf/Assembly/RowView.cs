using System.Collections.Immutable;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Assembly;

/// <summary>A tensor to be read row by row, front to back: what steps make of those before them.</summary>
internal abstract class RowView(ImmutableArray<long> shape)
{
    public ImmutableArray<long> Shape { get; } = shape;

    /// <summary>Elements in a row: the last dimension.</summary>
    public int RowLength { get; } = checked((int)shape[^1]);

    /// <summary>Rows of all matrices together.</summary>
    public long RowCount { get; } = shape.Take(shape.Length - 1).Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Reads rows.</summary>
    /// <param name="firstRow">Ascending from call to call, for views that keep what they read.</param>
    /// <param name="destination">Whole rows.</param>
    public abstract void Read(long firstRow, Span<float> destination);

    /// <summary>The view of a tensor of a layout.</summary>
    public static RowView Of(LayoutTensor tensor, MergedRows rows)
    {
        ImmutableArray<Step> steps = tensor.Steps;
        RowView view;
        if (steps is [Step.Stack, ..])
        {
            view = new StackedRows([.. tensor.Sources.Select(source => new MergedTensorRows(source, rows))]);
            steps = steps[1..];
        }
        else
        {
            view = new MergedTensorRows(tensor.Sources.Single(), rows);
        }

        return steps.Aggregate(view, (before, step) => step switch
        {
            Step.Rope rope => new RopeRows(before, rope.Heads),
            Step.Plus plus => new RaisedRows(before, plus.Value),
            Step.Transpose => new TransposedRows(before),
            Step.Take take => new TakenRows(before, take),
            Step.Arrange order => new ArrangedRows(before, order),
            Step.Pad pad => new PaddedRows(before, pad.Rows),
            Step.NegateExponential => new NegatedExponentials(before),
            Step.Reshape reshape => new ReshapedRows(before, reshape.Shape),
            _ => throw new ArgumentException($"{step} cannot stand behind others.", nameof(tensor)),
        });
    }

    protected int RowsIn(Span<float> destination) => destination.Length / RowLength;
}
