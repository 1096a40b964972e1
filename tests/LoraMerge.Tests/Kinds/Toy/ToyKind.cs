using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Kinds.Toy;

/// <summary>
/// A kind that nobody has, written in this folder alone: turns pairs of outputs by a trained angle and scales them by a length that all modules share.
/// </summary>
internal sealed class ToyKind : AdapterKind
{
    internal static readonly TensorRole Angles = new("toy_angles") { IsNeeded = true, Dimensions = [1] };
    internal static readonly TensorRole Length = new("toy_length") { Use = RoleUse.Shared, Dimensions = [1] };
    private static readonly TensorRole State = new("toy_state") { Use = RoleUse.Ignored };

    public override string PeftType => "TOY";

    public override string Does => "pairs of outputs, turned and scaled";

    internal override ImmutableArray<TensorRole> Roles { get; } = [Angles, Length, State];

    internal override ImmutableArray<string> Fields => ["turns"];

    internal override KindConfig ReadConfig(ConfigFields fields, AdapterConfig general) => new ToyConfig(fields.Number("turns") ?? 1);

    [ModuleInitializer]
    internal static void MakeKnown() => AdapterKinds.Add(new ToyKind());
}

/// <param name="Turns">What all angles are multiplied with.</param>
internal sealed record ToyConfig(double Turns) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) =>
        new ToyModule(tensors.Name, tensors.Needed(ToyKind.Angles), tensors.NeededShared(ToyKind.Length), Turns);
}

/// <summary>Angles, one for each pair of outputs, and the length.</summary>
internal sealed record ToyModule(string Path, StoredTensor Angles, StoredTensor Length, double Turns) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [("toy_angles", Angles)];

    internal override bool ChangesBias => true;

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight) =>
        [new ToyChange(weight.Adapter, Path, Angles, Length, Turns, weight.IsTransposed(this, 2 * Angles.RowCount, null), weight.AdapterWeight)];

    internal override IEnumerable<WeightChange> ChangeBias(ModuleTarget bias) => bias.Source.RowCount == 2 * Angles.RowCount
        ? [new ToyChange(bias.Adapter, Path, Angles, Length, Turns, IsTransposed: false, bias.AdapterWeight)]
        : throw bias.Mismatch(this);
}

internal sealed record ToyChange(int Adapter, string Module, StoredTensor Angles, StoredTensor Length, double Turns, bool IsTransposed, double AdapterWeight)
    : WeightChange(Adapter, Module)
{
    public override string Method => IsTransposed ? "toy-transposed" : "toy";

    public override double Factor => AdapterWeight;

    internal override long RowsTogether => IsTransposed ? 1 : 2;

    internal override WeightDelta Load(DeltaInputs inputs) =>
        new WeightedDelta(
            new ToyDelta(inputs.Read(Angles), inputs.Kept.Of(Length, () => inputs.Read(Length).DetachFromDisposeScope(), room: 1), Turns, IsTransposed),
            AdapterWeight,
            RowsTogether
        );
}

/// <summary>Of each pair (p, q) of outputs: p′ = ℓ·(cos a·p - sin a·q), q′ = ℓ·(sin a·p + cos a·q).</summary>
internal sealed class ToyDelta(Tensor angles, Tensor length, double turns, bool isTransposed) : WeightDelta
{
    public override void ApplyTo(Tensor w, long firstRow)
    {
        using var scope = NewDisposeScope();
        Tensor outputs = isTransposed ? w.t() : w; // [outputs, inputs]
        Tensor angle = angles.narrow(0, isTransposed ? 0 : firstRow / 2, outputs.shape[0] / 2).Times(turns).unsqueeze(1);
        Tensor p = outputs.slice(0, 0, outputs.shape[0], 2), q = outputs.slice(0, 1, outputs.shape[0], 2);
        Tensor turnedP = ((angle.cos() * p) - (angle.sin() * q)) * length;
        q.copy_((angle.sin() * p).Plus(angle.cos() * q) * length);
        p.copy_(turnedP);
    }

    public override void Dispose() => angles.Dispose();
}
