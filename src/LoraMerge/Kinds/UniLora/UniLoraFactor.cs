using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Kinds.UniLora;

/// <summary>A matrix whose numbers are those of a list at given places, each times a factor: θ[places] ⊙ factors.</summary>
/// <param name="Theta">θ <c>[d]</c>.</param>
/// <param name="Indices">Places; null where they are drawn.</param>
/// <param name="Scales">Factors; null where they follow from how often each place is taken.</param>
/// <param name="Draw">What the places of all matrices are drawn from.</param>
/// <param name="First">Number of the first place among them.</param>
/// <param name="Rows">Rows of the matrix.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Weight">The dtype of the base's weight, to which the layer rounds such factors.</param>
/// <remarks>PEFT, <c>UniLoraModel.generate_index</c>, <c>_assign_unilora_indices_and_scales</c>: each number of the list is taken equally often, as far as that
/// goes, and its factor is 1/√(how often).</remarks>
internal sealed record UniLoraFactor(
    StoredTensor Theta,
    StoredTensor? Indices,
    StoredTensor? Scales,
    UniLoraDraw? Draw,
    long First,
    long Rows,
    long Columns,
    DType? Weight
) : LowRankFactor
{
    internal override (long Rows, long Columns) Sides => (Rows, Columns);

    /// <summary>The places of all matrices, which A and B of all modules share.</summary>
    internal override long HeldBytes => Draw is null ? 0 : Draw.Count * sizeof(int);

    internal override Tensor Load(DeltaInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor list = inputs.Read(Theta);
        if (Draw is null)
            return list.take(inputs.ReadIndices(Indices!, Theta.ElementCount)).mul_(inputs.Read(Scales!)).MoveToOuterDisposeScope();
        ProjectionPair drawn = inputs.Kept.Of(Draw, () => Make(Draw, inputs.Device), room: 1);
        Tensor places = drawn.A.narrow(0, First, Rows * Columns).to(ScalarType.Int64).view(Rows, Columns);
        Tensor factors = SeededNumbers.AsHeldBeside(drawn.B, Weight!.Value).to(inputs.DType);
        return list.take(places).mul_(factors.take(places)).MoveToOuterDisposeScope();
    }

    /// <returns>The places, and a factor for each number of the list.</returns>
    private static ProjectionPair Make(UniLoraDraw draw, Device device)
    {
        using var scope = NewDisposeScope();
        int length = checked((int)draw.Length), count = checked((int)draw.Count);
        var numbers = new NumpyGenerator(draw.Seed);
        int[] places = new int[count];
        int often = count / length, rest = count % length;
        for (int i = 0; i < length; i++)
            places.AsSpan(i * often, often).Fill(i);
        if (rest > 0)
            numbers.Choose(length, rest).CopyTo(places, length * often);
        int[] counts = [.. Enumerable.Repeat(often, length)];
        for (int i = length * often; i < count; i++)
            counts[places[i]]++;
        numbers.Shuffle(places);
        Tensor factors = tensor(counts).to(ScalarType.Float32).rsqrt(); // infinite for what is never taken
        return new ProjectionPair(tensor(places).to(device).DetachFromDisposeScope(), factors.to(device).DetachFromDisposeScope());
    }
}
