using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>P′[e] = P[e] + s·B_e·A_e for each expert e: LoRA on a parameter that holds the weights of all experts, <c>[experts, d1, d2]</c>.</summary>
/// <remarks>
/// PEFT, <c>ParamWrapper.get_delta_weight</c>. Here the factors are sorted already (<see cref="ExpertFactors"/>): L_e <c>[d1, r]</c> and R_e <c>[r, d2]</c>, so
/// that P′[e] = P[e] + s·L_e·R_e whatever the
/// orientation. PEFT rounds the delta to P's dtype before it adds it; here nothing is rounded in between. Blocks are rows of <c>[experts·d1, d2]</c>, so they
/// may end within an expert.
/// </remarks>
internal sealed class ExpertsDelta : WeightDelta
{
    private readonly Tensor _left;
    private readonly Tensor _right;
    private readonly double _scaling;

    /// <param name="left">L, <c>[experts, d1, r]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="right">R, <c>[experts, r, d2]</c>, likewise.</param>
    /// <param name="scaling">s, times the weight of the adapter.</param>
    public ExpertsDelta(Tensor left, Tensor right, double scaling)
    {
        _left = left;
        _right = right.Multiply(scaling);
        _scaling = scaling;
    }

    public override double? Norm => _scaling == 0 ? 0 : ProductNorm.Of(_left, _right);

    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        long length = _right.shape[2];
        Tensor rows = w.view(-1, length); // [rows, d2], also where a row of W is a whole expert
        long first = firstRow * (w.shape[1] / length);
        long height = _left.shape[1];
        for (long done = 0; done < rows.shape[0];)
        {
            (long expert, long start) = Math.DivRem(first + done, height);
            long count = Math.Min(height - start, rows.shape[0] - done);
            rows.narrow(0, done, count).addmm_(_left[expert].narrow(0, start, count), _right[expert]);
            done += count;
        }
    }

    public override void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }
}
