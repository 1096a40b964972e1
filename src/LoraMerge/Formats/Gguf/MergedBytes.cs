using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Merging;

namespace LoraMerge.Formats.Gguf;

/// <summary>Makes the bytes of files out of merged rows as they come, each value rounded once.</summary>
/// <param name="files">The files, and what their tensors are made of.</param>
/// <param name="threads">How many round at once.</param>
internal sealed class MergedBytes(ImmutableArray<(GgufFile File, ImmutableArray<LayoutTensor> Tensors)> files, int threads) : GgufBytes
{
    /// <inheritdoc/>
    public override void Run(MergedBlocks blocks, Action<GgufFile> begin, Take take, Action<GgufFile> end)
    {
        var rows = new PlannedRows(blocks);
        var assembler = new TensorAssembler((tensor, firstRow, _, destination) => rows.Read(tensor, firstRow, destination), threads);
        try
        {
            for (int i = 0; i < files.Length; i++)
            {
                begin(files[i].File);
                Run(files[i].File, files[i].Tensors, i, rows, assembler, take);
                end(files[i].File);
            }
            while (blocks.Next())
            {
                // Rows behind the last ones that a tensor takes.
            }
        }
        catch (GgufLayoutException e)
        {
            throw Errors.Gguf(e, file: null);
        }
    }

    private static void Run(GgufFile file, ImmutableArray<LayoutTensor> tensors, int number, PlannedRows rows, TensorAssembler assembler, Take take)
    {
        int source = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            LayoutTensor tensor = tensors[i];
            GgufTensor placed = file.Layout.Tensors[i];
            rows.Begin(tensor, number, source);
            assembler.Write(tensor, (offset, bytes) => take(placed, offset, bytes));
            source += tensor.Sources.Length;
        }
    }
}
