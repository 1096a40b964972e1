using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Road;

/// <summary>
/// Of each pair (p, q) of outputs, half a group apart: p′ = a·cos θ·p - a·sin θ·q, and q′ = a·cos θ·q + a·sin θ·p, with the a and θ of the output that is made.
/// </summary>
/// <remarks>RoAd, arXiv 2409.00119, eq. 4; PEFT, <c>road/layer.py _get_delta_weight</c>, which rounds R to W's dtype. Here a·cos θ and a·sin θ are computed in
/// float64.</remarks>
internal sealed class RoadDelta : WeightDelta
{
    private readonly Tensor _own;
    private readonly Tensor _partners;
    private readonly long _half;

    private RoadDelta(Tensor own, Tensor partners, long half)
    {
        _own = own;
        _partners = partners;
        _half = half;
    }

    /// <param name="theta">Angles, dtype of W's buffer; disposed here.</param>
    /// <param name="alpha">Lengths, likewise.</param>
    /// <param name="variant">How many there are of both.</param>
    /// <param name="groupSize">Outputs of a group.</param>
    public static RoadDelta Of(Tensor theta, Tensor alpha, RoadVariant variant, long groupSize)
    {
        using var scope = NewDisposeScope();
        ScalarType dtype = theta.dtype;
        (Tensor ownAngle, Tensor partnersAngle) = PerOutput(theta.to(ScalarType.Float64), variant, groupSize);
        (Tensor ownLength, Tensor partnersLength) = PerOutput(alpha.to(ScalarType.Float64), variant, groupSize);
        Tensor own = ownLength * ownAngle.cos(), partners = partnersLength * partnersAngle.sin(); // [groups, 2, half]
        partners.select(1, 0).neg_();
        theta.Dispose();
        alpha.Dispose();
        return new RoadDelta(own.to(dtype).DetachFromDisposeScope(), partners.to(dtype).DetachFromDisposeScope(), groupSize / 2);
    }

    public override void ApplyTo(Tensor w, long firstRow)
    {
        long groupSize = 2 * _half, firstGroup = firstRow / groupSize;
        foreach ((long group, long count) in PieceSize.Cut(w.shape[0] / groupSize, elementsOfRow: 4 * w.shape[1] * groupSize))
        {
            using var scope = NewDisposeScope();
            Tensor rows = w.narrow(0, group * groupSize, count * groupSize).view(count, 2, _half, w.shape[1]);
            Tensor turned = rows.flip(1).mul_(_partners.narrow(0, firstGroup + group, count).unsqueeze(3));
            rows.mul_(_own.narrow(0, firstGroup + group, count).unsqueeze(3)).Add(turned);
        }
    }

    public override void Dispose()
    {
        _own.Dispose();
        _partners.Dispose();
    }

    /// <summary>The numbers of each output's own part and of its partner's, both <c>[groups, 2, half]</c>.</summary>
    private static (Tensor Own, Tensor Partners) PerOutput(Tensor values, RoadVariant variant, long groupSize)
    {
        long half = groupSize / 2;
        switch (variant)
        {
            case RoadVariant.PerPair:
                Tensor both = values.view(-1, 1, half).expand(-1, 2, half);
                return (both, both);
            case RoadVariant.PerOutput:
                Tensor each = values.view(-1, 2, half);
                return (each, each);
            default:
                Tensor twice = values.view(-1, 2, 2, half);
                return (twice.select(1, 0), twice.select(1, 1));
        }
    }
}
