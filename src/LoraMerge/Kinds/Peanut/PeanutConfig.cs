using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Peanut;

/// <param name="Depth">How many encoders there are, and as many decoders.</param>
/// <param name="Activation">Name of the function between layers.</param>
/// <param name="Scaling">s.</param>
internal sealed record PeanutConfig(int Depth, string Activation, double Scaling) : KindConfig
{
    /// <summary>Functions of transformers' table that have no numbers of their own to learn.</summary>
    public static ImmutableArray<string> Activations { get; } =
    [
        "gelu",
        "gelu_10",
        "gelu_accurate",
        "gelu_fast",
        "gelu_new",
        "gelu_python",
        "gelu_python_tanh",
        "gelu_pytorch_tanh",
        "hardswish",
        "laplace",
        "leaky_relu",
        "linear",
        "mish",
        "quick_gelu",
        "relu",
        "relu2",
        "relu6",
        "sigmoid",
        "silu",
        "swish",
        "tanh",
    ];

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor a = tensors.Needed(PeanutKind.A), b = tensors.Needed(PeanutKind.B);
        ImmutableArray<StoredTensor> encoders = Layers(PeanutKind.Encoders), decoders = Layers(PeanutKind.Decoders);
        long rank = a.Shape[0];
        return b.Shape[1] == rank && b.Shape[0] == a.Shape[1] && encoders.Concat(decoders).All(layer => layer.Shape[0] == rank && layer.Shape[1] == rank)
            ? new PeanutModule(tensors.Name, a, b, [.. encoders.Concat(decoders)], Activation, Scaling)
            : throw Errors.TensorsDoNotFit(
                tensors.Name,
                [a, b, .. encoders, .. decoders],
                "A and B must have one rank and one number of outputs, and all layers between them must be square with that rank"
            );

        ImmutableArray<StoredTensor> Layers(TensorRole role) =>
            [.. Enumerable.Range(0, Depth).Select(number => tensors.Needed(role, number.ToString(CultureInfo.InvariantCulture)))];
    }
}
