using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>
/// Values of a weight that is stored <c>[out, in]</c> and is <c>[in, out]</c> in a plain model, as those of GPT-2 are: quantisers turn it round first. All of
/// them are held.
/// </summary>
/// <remarks>
/// Sources: transformers, <c>quantizer_bnb_4bit.py</c> and <c>quantizer_bnb_8bit.py</c>, which transpose the weight of a <c>Conv1D</c> before it is quantised,
/// and not when it is loaded; AutoGPTQ and gptqmodel, <c>pack</c>.
/// </remarks>
/// <param name="Codec">How the stored matrix is made.</param>
/// <param name="Outputs">Its rows.</param>
/// <param name="Inputs">Its columns.</param>
internal sealed record TurnedRoundCodec(WeightCodec Codec, int Outputs, int Inputs) : WeightCodec
{
    public override ImmutableArray<StoredTensor> Parts => Codec.Parts;

    public override long HeldBytes => Codec.HeldBytes + ((long)Outputs * Inputs * sizeof(double));

    public override ImmutableArray<StoredTensor> Rewritten => Codec.Rewritten;

    public override long UnitLength => (long)Outputs * Inputs;

    public override string RequantizeObstacle(TensorFiles files) => "its codes lie by outputs, and the plain weight, a Conv1D, by inputs";

    public override WeightEncoder OpenEncoder(TensorFiles files) => throw new NotSupportedException(RequantizeObstacle(files));

    public override WeightDecoder Open(TensorFiles files) => new Decoder(this, files);

    private sealed class Decoder(TurnedRoundCodec codec, TensorFiles files) : RowDecoder(codec.Outputs)
    {
        /// <summary>Rows that are turned round together: a line of the processor's cache holds as many values.</summary>
        private const int Tile = 16;

        private Array _turned = Array.Empty<float>();

        protected override void DecodeRows<T>(long firstRow, int rows, Span<T> destination) =>
            Turned<T>().AsSpan(checked((int)(firstRow * codec.Outputs)), rows * codec.Outputs).CopyTo(destination);

        private T[] Turned<T>()
            where T : unmanaged
        {
            if (_turned is T[] { Length: > 0 } held)
                return held;
            T[] turned = new T[checked(codec.Outputs * codec.Inputs)], tile = new T[Math.Min(Tile, codec.Outputs) * codec.Inputs];
            WeightDecoder stored = codec.Codec.Open(files);
            for (int first = 0; first < codec.Outputs; first += Tile)
            {
                int count = Math.Min(Tile, codec.Outputs - first);
                stored.Decode(first * (long)codec.Inputs, tile.AsSpan(0, count * codec.Inputs));
                for (int input = 0; input < codec.Inputs; input++)
                {
                    for (int output = 0; output < count; output++)
                        turned[(input * codec.Outputs) + first + output] = tile[(output * codec.Inputs) + input];
                }
            }
            _turned = turned;
            return turned;
        }
    }
}
