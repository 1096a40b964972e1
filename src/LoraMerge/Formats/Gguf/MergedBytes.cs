using System.Collections.Immutable;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Merging;
using LoraMerge.Planning;

namespace LoraMerge.Formats.Gguf;

/// <summary>Makes the bytes of files out of merged rows as they come, each value rounded once.</summary>
/// <param name="files">The files.</param>
/// <param name="threads">How many round at once.</param>
internal sealed class MergedBytes(ImmutableArray<MergedFile> files, int threads) : GgufBytes
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
                Run(files[i], i, rows, assembler, take);
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

    private static void Run(MergedFile file, int number, PlannedRows rows, TensorAssembler assembler, Take take)
    {
        int source = 0;
        for (int i = 0; i < file.Tensors.Length; i++)
        {
            LayoutTensor tensor = file.Tensors[i];
            GgufTensor placed = file.File.Layout.Tensors[i];
            rows.Begin(tensor, number, source);
            bool isCopied = !tensor.Sources.IsEmpty && file.Planned.Tensors[source] is PlannedTensor.PassThrough;
            if (isCopied)
                rows.Copy(placed.ByteLength, (offset, bytes) => take(placed, offset, bytes));
            else
                assembler.Write(tensor, (offset, bytes) => take(placed, offset, bytes));
            source += isCopied ? 1 : tensor.Sources.Length;
        }
    }
}
