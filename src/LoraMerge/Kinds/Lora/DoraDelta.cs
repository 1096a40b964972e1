using LoraMerge.Deltas;
using LoraMerge.Diagnostics;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Lora;

/// <summary>V = W + s·(B·A), each output rescaled to its trained magnitude: W′ = m / ‖V‖₂ ⊙ V.</summary>
/// <remarks>
/// DoRA, arXiv 2402.09353, eq. 5; PEFT, <c>DoraLinearVariant.merge_unsafe</c>, <c>DoraEmbeddingVariant</c>, <c>_DoraConvNdVariant</c>: no epsilon there either.
/// An output is a row of W: of a linear layer, and of a convolution with its kernels flattened. It is a column of GPT-2's <c>[in, out]</c> weights
/// and of embeddings <c>[vocabulary, dim]</c>; the norms of columns need all rows, so V is made twice, block by block: once for the norms, which are summed in
/// float64, and once for the result.
/// W is what earlier adapters made of it, unrounded. An adapter weight c other than 1 takes W + c·(W′ - W).
/// </remarks>
internal sealed class DoraDelta : WeightDelta
{
    private readonly LowRankDelta _product;
    private readonly Tensor _magnitude;
    private readonly bool _isByColumn;
    private readonly double _adapterWeight;
    private readonly string _module;
    private readonly LowRankDelta? _normProduct;
    private readonly Float64Pieces _pieces = new();
    private Tensor? _squares;

    /// <param name="product">s·B·A; owned by this delta.</param>
    /// <param name="magnitude">m, <c>[outputs]</c>, dtype of W's buffer; owned by this delta.</param>
    /// <param name="isByColumn">Whether outputs are columns.</param>
    /// <param name="adapterWeight">c.</param>
    /// <param name="module">For messages.</param>
    /// <param name="normProduct">
    /// s·B·A not turned round, for files of PEFT 0.9 and 0.10; owned by this delta. These releases divided the outputs of a square <c>[in, out]</c> weight,
    /// which are
    /// its columns, by the norms of the rows of W + s·B·A, as if it were stored <c>[out, in]</c> (<c>_get_weight_norm</c>), and trained that.
    /// </param>
    public DoraDelta(LowRankDelta product, Tensor magnitude, bool isByColumn, double adapterWeight, string module, LowRankDelta? normProduct = null)
    {
        _normProduct = normProduct;
        _product = product;
        _magnitude = magnitude;
        _isByColumn = isByColumn;
        _adapterWeight = adapterWeight;
        _module = module;
    }

    public override int PassCount => _isByColumn ? 1 : 0;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        if (_normProduct is not null)
        {
            _normProduct.ApplyTo(w, firstRow);
            _squares ??= zeros(w.shape[1], ScalarType.Float64, w.device).DetachFromDisposeScope(); // as many rows as columns
            foreach ((Tensor piece, long first) in _pieces.Of(w))
                _squares.narrow(0, firstRow + first, piece.shape[0]).copy_(piece.mul_(piece).sum(dim: 1));
            return;
        }
        _product.ApplyTo(w, firstRow); // V, [rows, columns]
        _squares ??= zeros(w.shape[1], ScalarType.Float64, w.device).DetachFromDisposeScope();
        foreach ((Tensor piece, _) in _pieces.Of(w))
            _squares.Add(piece.mul_(piece).sum(dim: 0));
    }

    /// <exception cref="LoraMergeException">LORA5010: an output of V is zero.</exception>
    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        _product.ApplyTo(w, firstRow); // V, [rows, columns]
        Tensor factor = _isByColumn
            ? Factor(_magnitude, _squares!.sqrt().to(w.dtype), 0)
            : Factor(_magnitude.narrow(0, firstRow, w.shape[0]), linalg.norm(w, ord: 2.0, dims: [1]), firstRow).unsqueeze(1);
        if (_adapterWeight == 1)
        {
            w.mul_(factor);
            return;
        }
        // W + c·(f·V - W) with W = V - s·B·A: no copy of W has to be kept.
        w.mul_(factor.Multiply(_adapterWeight).Add(1 - _adapterWeight));
        _product.AddMultiple(w, firstRow, _adapterWeight - 1);
    }

    public override void Dispose()
    {
        _product.Dispose();
        _normProduct?.Dispose();
        _magnitude.Dispose();
        _squares?.Dispose();
        _pieces.Dispose();
    }

    /// <summary>m / ‖V‖₂, <c>[outputs]</c>.</summary>
    private Tensor Factor(Tensor magnitude, Tensor norm, long firstOutput)
    {
        Tensor isZero = norm.Is(0);
        if (isZero.any().item<bool>())
            throw LoraErrors.DoraOutputIsZero(_module, firstOutput + isZero.to(ScalarType.Int32).argmax().item<long>());
        return magnitude / norm;
    }
}
