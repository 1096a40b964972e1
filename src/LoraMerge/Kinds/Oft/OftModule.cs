using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Oft;

/// <summary>The blocks of one layer's rotation.</summary>
/// <param name="Path"><inheritdoc/></param>
/// <param name="Form">What they do.</param>
/// <param name="Blocks">One row or matrix for each block; only one where all are the same.</param>
/// <param name="Factors">One number for each output, where the form has them.</param>
/// <param name="Config">The configuration.</param>
/// <param name="HasFullLastTerm">Whether the last term of the series counts twice, as in PEFT 0.16 and 0.17.</param>
internal sealed record OftModule(string Path, OftForm Form, StoredTensor Blocks, StoredTensor? Factors, OftConfig Config, bool HasFullLastTerm)
    : AdaptedModule(Path)
{
    private bool HoldsTriangles => Form is OftForm.Triangles or OftForm.EmbeddingTriangles;

    /// <summary>n: of triangles, the one with n·(n-1)/2 numbers.</summary>
    private long BlockSize => HoldsTriangles ? (1 + (long)Math.Round(Math.Sqrt(1 + (8.0 * Blocks.RowLength)))) / 2 : Blocks.Shape[1];

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        [
            (
                Form switch
                {
                    OftForm.EmbeddingTriangles => "oft_embedding_R",
                    OftForm.Triangles => "oft_R",
                    _ => "oft_r",
                },
                Blocks
            ),
            .. Factors is null ? [] : (ImmutableArray<(string, StoredTensor)>)[("oft_s", Factors)],
        ];

    public static LoraMergeException NotSquare(string module, StoredTensor blocks) =>
        Errors.TensorsDoNotFit(module, [blocks], "rows of n·(n-1)/2 numbers, or blocks of n rows and n columns, are expected");

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        long size = BlockSize;
        if (HoldsTriangles && size * (size - 1) / 2 != Blocks.RowLength)
            throw NotSquare(Path, Blocks);
        bool isOfOutputs = Form == OftForm.OutputBlocks;
        long length = isOfOutputs ? weight.Source.RowCount : weight.Source.RowLength;
        long needed = (length + size - 1) / size;
        bool fits =
            weight.Source.Shape.Length >= 2
            && (isOfOutputs || length % size == 0)
            && (Blocks.Shape[0] == needed || (Blocks.Shape[0] == 1 && Config.IsShared))
            && (Factors is null || Factors.ElementCount == weight.Source.RowCount);
        weight.IsTransposed(this, fits, fitsTransposed: false);
        // The first releases multiplied the limit with the square of what they took for the size of a block.
        double? side = Form switch { OftForm.OutputBlocks => size, OftForm.ScaledBlocks => Math.Ceiling((double)weight.Source.RowCount / needed), _ => 1 };
        return
        [
            new OftChange(
                weight.Adapter,
                Path,
                Form,
                Blocks,
                Factors,
                size,
                needed,
                Config.Limit * side * side / Math.Sqrt(Blocks.Shape[0]),
                HoldsTriangles ? Config.SeriesTerms : 0,
                HasFullLastTerm,
                weight.AdapterWeight
            ),
        ];
    }
}
