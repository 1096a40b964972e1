using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Assembly;

/// <summary>Takes the bytes of a tensor, front to back.</summary>
/// <param name="byteOffset">Where they go, from the start of the tensor.</param>
/// <param name="bytes">Valid until the call returns.</param>
internal delegate void TensorBytes(long byteOffset, ReadOnlySpan<byte> bytes);

/// <summary>Makes the bytes of a file's tensors of the merged model's rows, rounding each value once.</summary>
/// <remarks>
/// Memory: one block of rows as float32 and one as bytes, about <see cref="BlockElements"/> elements or one row; beside it one head where rows are
/// paired for rope, one whole matrix where one is turned round, and the whole tensor where rows change places.
/// Equal rows give equal bytes for any number of threads.
/// </remarks>
/// <param name="rows">Gives the merged model's rows; called from the thread that calls <see cref="Write"/>.</param>
/// <param name="threads">How many round at once.</param>
internal sealed class TensorAssembler(MergedRows rows, int threads)
{
    /// <summary>Elements that a block holds, if a row does not hold more.</summary>
    public const int BlockElements = 1 << 20;

    private const int SmallestShare = 1 << 15;

    private float[] _values = [];
    private byte[] _bytes = [];

    /// <summary>About how many bytes are held while a tensor is written.</summary>
    public static long HeldBytes(LayoutTensor tensor)
    {
        if (tensor.Sources.IsEmpty)
            return 0;
        long held = Math.Max(BlockElements, tensor.RowLength) * 2 * sizeof(float);
        ImmutableArray<long> shape = tensor.Sources[0].Shape;
        foreach (Step step in tensor.Steps)
        {
            if (step is Step.Transpose)
                held += shape[^1] * shape[^2] * sizeof(float);
            else if (step is Step.Rope rope)
                held += shape.Aggregate(1L, (product, side) => product * side) / rope.Heads * sizeof(float);
            else if (step is Step.Arrange { Axis: 0 })
                held += shape.Aggregate(1L, (product, side) => product * side) * sizeof(float);
            shape = step.ShapeAfter(shape);
        }
        return held;
    }

    /// <summary>Writes a tensor.</summary>
    /// <param name="tensor">Of a layout.</param>
    /// <param name="bytes">Takes them.</param>
    /// <param name="cancellation">Between blocks.</param>
    /// <exception cref="GgufLayoutException">ValueNotRepresentable.</exception>
    public void Write(LayoutTensor tensor, TensorBytes bytes, CancellationToken cancellation = default)
    {
        if (!tensor.Numbers.IsDefaultOrEmpty)
        {
            bytes(0, MemoryMarshal.AsBytes(tensor.Numbers.AsSpan()));
            return;
        }

        if (!BlockCodecs.TryFind(tensor.Type, out BlockCodec? codec) || codec.Quantise is null)
            throw new ArgumentException($"'{tensor.Name}' is to be {tensor.Type}, which is not written.", nameof(tensor));
        RowView view = RowView.Of(tensor, rows);
        int rowBytes = checked((int)tensor.Type.BytesPerRow(view.RowLength));
        int blockRows = (int)Math.Clamp(BlockElements / view.RowLength, 1, Math.Max(1, view.RowCount));
        if (_values.Length < blockRows * view.RowLength)
            _values = new float[blockRows * view.RowLength];
        if (_bytes.Length < blockRows * rowBytes)
            _bytes = new byte[blockRows * rowBytes];

        for (long row = 0; row < view.RowCount; row += blockRows)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(blockRows, view.RowCount - row);
            view.Read(row, _values.AsSpan(0, count * view.RowLength));
            Round(tensor, codec, count, view.RowLength, rowBytes);
            bytes(row * rowBytes, _bytes.AsSpan(0, count * rowBytes));
        }
    }

    private void Round(LayoutTensor tensor, BlockCodec codec, int rowCount, int rowLength, int rowBytes)
    {
        float largest = LargestMagnitude(_values.AsSpan(0, rowCount * rowLength));
        if (!float.IsFinite(largest))
            throw LayoutErrors.ValueNotFinite(tensor.Name, tensor.Sources[0].Name);
        int shares = (int)Math.Clamp((long)rowCount * rowLength / SmallestShare, 1, Math.Min(threads, rowCount));
        try
        {
            if (shares == 1)
                RoundShare(0);
            else
                Parallel.For(0, shares, new ParallelOptions { MaxDegreeOfParallelism = threads }, RoundShare);
        }
        catch (Exception e) when ((e as AggregateException)?.InnerException is OverflowException || e is OverflowException)
        {
            string reason = ((e as AggregateException)?.InnerException ?? e).Message;
            throw LayoutErrors.ValueNotRepresentable(
                tensor.Name, tensor.Sources[0].Name, tensor.Type, FormattableString.Invariant($"its largest value is {largest}. {reason}"));
        }

        void RoundShare(int share)
        {
            int first = (int)((long)rowCount * share / shares);
            int end = (int)((long)rowCount * (share + 1) / shares);
            codec.Quantise!(_values.AsSpan(first * rowLength, (end - first) * rowLength), _bytes.AsSpan(first * rowBytes, (end - first) * rowBytes));
        }
    }

    /// <summary>Infinite or NaN where one of the values is: their bits are above those of all others.</summary>
    private static float LargestMagnitude(ReadOnlySpan<float> values)
    {
        Vector256<uint> largest = default;
        int i = 0;
        for (; i <= values.Length - 8; i += 8)
            largest = Vector256.Max(largest, Vector256.Create(values[i..]).AsUInt32() & Vector256.Create(0x7FFF_FFFFu));
        uint bits = 0;
        for (int lane = 0; lane < 8; lane++)
            bits = Math.Max(bits, largest[lane]);
        for (; i < values.Length; i++)
            bits = Math.Max(bits, BitConverter.SingleToUInt32Bits(values[i]) & 0x7FFF_FFFF);
        return BitConverter.UInt32BitsToSingle(bits);
    }
}
