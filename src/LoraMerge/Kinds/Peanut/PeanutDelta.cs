using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.Peanut;

/// <summary>W′ = W + s·B·g(A·W₀): encoders and decoders with a function after each, and after each decoder what its encoder was given is added.</summary>
/// <remarks>PEANuT, arXiv 2410.01870; PEFT, <c>peanut/layer.py _compute_delta_weight</c>. A·W₀ and the network are computed in float64.</remarks>
internal sealed class PeanutDelta : BaseReducedDelta
{
    private readonly Tensor _a;
    private readonly Tensor _b;
    private readonly Tensor[] _layers;
    private readonly string _activation;
    private readonly Float64Pieces _pieces = new();
    private Tensor _inner;

    /// <param name="change">What is done.</param>
    /// <param name="inputs">Where its tensors are read from.</param>
    public PeanutDelta(PeanutChange change, DeltaInputs inputs)
        : base(-change.Scaling)
    {
        using var scope = NewDisposeScope();
        _a = inputs.Read(change.A).to(ScalarType.Float64).DetachFromDisposeScope();
        _b = inputs.Read(change.B).to(ScalarType.Float64).DetachFromDisposeScope();
        _layers = [.. change.Layers.Select(layer => inputs.Read(layer).to(ScalarType.Float64).DetachFromDisposeScope())];
        _activation = change.Activation;
        _inner = zeros([change.A.RowCount, inputs.Weight.RowLength], ScalarType.Float64, inputs.Device).DetachFromDisposeScope();
    }

    public override int PassCount => 1;

    protected override Tensor Left => _b;

    protected override Tensor Right => _inner;

    public override void Observe(int pass, Tensor w, long firstRow)
    {
        using var single = new SingleThread();
        foreach ((Tensor piece, long first) in _pieces.Of(w))
            _inner.addmm_(_a.narrow(1, firstRow + first, piece.shape[0]), piece); // A·W₀, [r, in]
    }

    public override void EndPass(int pass)
    {
        using var single = new SingleThread();
        using var scope = NewDisposeScope();
        Tensor inner = Activated( _inner);
        var before = new Stack<Tensor>();
        int depth = _layers.Length / 2;
        for (int i = 0; i < _layers.Length; i++)
        {
            bool isDecoder = i >= depth;
            if (!isDecoder)
                before.Push(inner);
            inner = Activated( _layers[i].matmul(inner));
            if (isDecoder)
                inner = inner.Plus(before.Pop());
        }
        Tensor made = inner.clone().DetachFromDisposeScope();
        _inner.Dispose();
        _inner = made;
    }

    public override void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        foreach (Tensor layer in _layers)
            layer.Dispose();
        _inner.Dispose();
        _pieces.Dispose();
    }

    /// <summary>A function as transformers' <c>ACT2FN</c> has it under a name.</summary>
    private Tensor Activated(Tensor x) => _activation switch
    {
        "gelu" or "gelu_python" => Gelu(x),
        "gelu_10" => Gelu(x).Within(-10, 10),
        "gelu_accurate" or "gelu_new" or "gelu_python_tanh" or "gelu_pytorch_tanh" => GeluByTanh(x, Math.Sqrt(2 / Math.PI)),
        "gelu_fast" => GeluByTanh(x, 0.7978845608),
        "hardswish" => (x * x.Plus(3).Within(0, 6)).DividedBy(6),
        "laplace" => x.Minus(0.707107).DividedBy(0.282095 * Math.Sqrt(2)).erf().Plus(1).Times(0.5),
        "leaky_relu" => x.AtLeast(0).Plus(x.AtMost(0).Times(0.01)),
        "linear" => x,
        "mish" => x * x.exp().log1p().tanh(),
        "quick_gelu" => x * x.Times(1.702).sigmoid(),
        "relu" => x.AtLeast(0),
        "relu2" => x.AtLeast(0).ToThePower(2),
        "relu6" => x.Within(0, 6),
        "sigmoid" => x.sigmoid(),
        "silu" or "swish" => x * x.sigmoid(),
        "tanh" => x.tanh(),
        _ => throw new InvalidOperationException($"'{_activation}' is no activation."),
    };

    private static Tensor Gelu(Tensor x) => (x * x.DividedBy(-Math.Sqrt(2)).erfc()).DividedBy(2);

    private static Tensor GeluByTanh(Tensor x, double factor) => 
        (x * x.Plus(x.ToThePower(3).Times(0.044715)).Times(factor).tanh().Plus(1)).DividedBy(2);
}
