using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Glora;

/// <summary>W′ = W + c·(W₀ ⊙ A + B), with W₀ the weight before all adapters; a bias likewise.</summary>
/// <remarks>GLoRA, arXiv 2306.07967; PEFT, <c>glora/layer.py merge</c>, which rounds A, B and each step to W's dtype; here only the result is
/// rounded.</remarks>
internal sealed class GloraDelta : WeightDelta
{
    private readonly Term? _factors;
    private readonly Term? _added;
    private readonly double _adapterWeight;

    private GloraDelta(Term? factors, Term? added, double adapterWeight)
    {
        _factors = factors;
        _added = added;
        _adapterWeight = adapterWeight;
    }

    /// <summary>The arithmetic for a weight.</summary>
    /// <param name="a">A; null for none.</param>
    /// <param name="b">B; null for none.</param>
    /// <param name="adapterWeight">c.</param>
    /// <param name="inputs">Where tensors are read from.</param>
    public static GloraDelta Load(GloraTerm? a, GloraTerm? b, double adapterWeight, DeltaInputs inputs) =>
        new(Term.Load(a, inputs), Term.Load(b, inputs), adapterWeight);

    /// <summary>The arithmetic for a bias, to which W₀·C is added.</summary>
    public static GloraDelta LoadBias(GloraBiasChange change, DeltaInputs inputs)
    {
        Term? factors = Term.Load(change.D, inputs), added = Term.Load(change.E, inputs);
        if (change.C is null)
            return new GloraDelta(factors, added, change.AdapterWeight);
        using var scope = NewDisposeScope();
        using Term input = Term.Load(change.C, inputs)!;
        Tensor c = input.Rows(0, change.Weight!.RowLength).to(ScalarType.Float64).expand(change.Weight.RowLength, 1);
        Tensor sum = zeros([change.Weight.RowCount, 1], ScalarType.Float64, inputs.Device);
        using (var single = new SingleThread())
        using (var pieces = new AdapterPieces(change.Weight, inputs.Files))
        {
            foreach ((Tensor rows, long first) in pieces.Of(0, change.Weight.RowCount, ScalarType.Float64, inputs.Device))
                sum.narrow(0, first, rows.shape[0]).copy_(rows.matmul(c));
        }
        if (added is not null)
            sum.Add(added.Rows(0, change.Weight.RowCount));
        added?.Dispose();
        return new GloraDelta(factors, new Term(sum.to(inputs.DType).DetachFromDisposeScope(), null), change.AdapterWeight);
    }

    public override void ApplyTo(Tensor w, long firstRow) => throw new NotSupportedException("It needs the weight before all changes.");

    public override void ApplyTo(Tensor w, Tensor source, long firstRow)
    {
        foreach ((long first, long count) in PieceSize.Cut(w.shape[0], elementsOfRow: 2 * w.shape[1]))
        {
            using var scope = NewDisposeScope();
            Tensor rows = w.narrow(0, first, count);
            if (_factors is not null)
                rows.Add(source.narrow(0, first, count).to(w.device).to(w.dtype) * _factors.Rows(firstRow + first, count), times: _adapterWeight);
            if (_added is not null)
                rows.Add(_added.Rows(firstRow + first, count), times: _adapterWeight);
        }
    }

    public override void Dispose()
    {
        _factors?.Dispose();
        _added?.Dispose();
    }

    /// <summary>A term on the device.</summary>
    /// <param name="left"><c>[rows, r]</c> of a product, else <c>[rows, 1]</c> or <c>[1, 1]</c>.</param>
    /// <param name="right"><c>[r, columns]</c>; null where it is no product.</param>
    private sealed class Term(Tensor left, Tensor? right) : IDisposable
    {
        public static Term? Load(GloraTerm? term, DeltaInputs inputs)
        {
            if (term is null)
                return null;
            using var scope = NewDisposeScope();
            Tensor left = inputs.Read(term.Left);
            return term.Right is null
                ? new Term(left.view(-1, 1).DetachFromDisposeScope(), null)
                : new Term(left.DetachFromDisposeScope(), inputs.Read(term.Right).DetachFromDisposeScope());
        }

        /// <summary>Some rows, which spread over what they meet.</summary>
        public Tensor Rows(long first, long count) =>
            right is null ? (left.shape[0] == 1 ? left : left.narrow(0, first, count)) : left.narrow(0, first, count).matmul(right);

        public void Dispose()
        {
            left.Dispose();
            right?.Dispose();
        }
    }
}
