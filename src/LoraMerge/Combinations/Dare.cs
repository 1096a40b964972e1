using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Combinations;

/// <summary>DARE's pruning: each element stays with probability density and is then divided by it, so that the expected value is kept.</summary>
/// <remarks>
/// arXiv 2311.03099; PEFT, <c>merge_utils.random_pruning</c>, which draws from torch's global generator. Here every element has a draw of its own
/// (<see cref="DareDraws"/>), so that the same inputs give the same model.
/// </remarks>
internal static class Dare
{
    /// <summary>Elements whose mask is held at a time.</summary>
    private const long PieceElements = 1 << 22;

    /// <summary>Prunes in place.</summary>
    public static Tensor Prune(Tensor tensor, double density, DareDraws draws)
    {
        if (density >= 1)
            return tensor;
        using var scope = NewDisposeScope();
        Tensor elements = tensor.view(-1);
        for (long first = 0; first < elements.shape[0]; first += PieceElements)
        {
            using var piece = NewDisposeScope();
            long length = Math.Min(PieceElements, elements.shape[0] - first);
            Tensor mask = empty(length, ScalarType.Bool);
            draws.Fill(first, density, mask.bytes);
            elements.narrow(0, first, length).mul_(mask.to(tensor.device)).Divide(density);
        }
        return tensor;
    }
}
