using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace LoraMerge.Architectures.Names;

/// <summary>How a tensor of a file and one of the live model hold each other's rows.</summary>
internal enum RowOrder
{
    /// <summary>Equal blocks, one behind the other.</summary>
    Blocks,

    /// <summary>Row by row in turn.</summary>
    Interleaved,

    /// <summary>In an order that depends on the heads; a change of them is not taken apart here.</summary>
    Permuted,
}

/// <summary>What makes one live tensor of several of a file, or several of one. Experts are not among them: their layout is told by shapes.</summary>
/// <param name="Files">Expressions for the file's names.</param>
/// <param name="Live">What takes their place.</param>
/// <param name="Order">How rows are dealt out.</param>
internal sealed record NameConverter(ImmutableArray<Regex> Files, ImmutableArray<string> Live, RowOrder Order)
{
    /// <summary>The live names of a file's name; none where this converter is not for it.</summary>
    public ImmutableArray<LiveName> Apply(string name)
    {
        for (int i = 0; i < Files.Length; i++)
        {
            if (!Files[i].IsMatch(name))
                continue;
            return Live.Length > 1
                ?
                [
                    .. Live.Select(
                        (live, block) => new LiveName(NameStep.Replace(name, Files[i], live), new RowShare(block, Live.Length, Order), RowShare.Whole)
                    ),
                ]
                :
                [
                    new LiveName(
                        NameStep.Replace(name, Files[i], Live[0]),
                        RowShare.Whole,
                        Files.Length > 1 ? new RowShare(i, Files.Length, Order) : RowShare.Whole
                    ),
                ];
        }
        return [];
    }
}

/// <summary>Some of a tensor's rows: one of equal shares, or for tensors that lie one behind the other as many as that one has.</summary>
/// <param name="Index">Which share.</param>
/// <param name="Count">Of how many; 1 for all rows.</param>
/// <param name="Order">How shares are dealt out.</param>
internal readonly record struct RowShare(int Index, int Count, RowOrder Order)
{
    /// <summary>All rows.</summary>
    public static RowShare Whole { get; } = new(0, 1, RowOrder.Blocks);

    /// <summary>Whether it is all rows.</summary>
    public bool IsWhole => Count == 1;
}

/// <summary>A name in the live model for a tensor of a file.</summary>
/// <param name="Name">The live name.</param>
/// <param name="OfFile">Rows of the file's tensor that are this live tensor.</param>
/// <param name="OfLive">Rows of the live tensor that are the file's tensor.</param>
internal readonly record struct LiveName(string Name, RowShare OfFile, RowShare OfLive);
