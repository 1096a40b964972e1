using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>
/// A decoder of whole numbers whose words lie input by input, so that a row of the weight is a column of them: words, scales and zero points are held, and
/// columns side by side are turned round together.
/// </summary>
internal abstract class ColumnDecoder : RowDecoder
{
    /// <summary>Columns that are turned round together: a line of the processor's cache holds as many words.</summary>
    private const int Tile = 16;

    private readonly GroupedRow _row;
    private readonly int _outputsPerWord;
    private readonly int _height;
    private readonly int _width;
    private readonly int _outputs;
    private readonly uint[] _codes;
    private readonly double[] _scales;
    private readonly uint[] _tile;
    private readonly byte[] _numbers;
    private readonly double[] _rowScales;
    private readonly int[] _rowZeros;
    private int _firstOfTile = -Tile;

    /// <param name="files">Reads the parts.</param>
    /// <param name="codes">Words, <c>[height, width]</c>.</param>
    /// <param name="scales"><c>[groups, outputs]</c>.</param>
    /// <param name="zeros">Words, <c>[groups, any]</c>.</param>
    /// <param name="outputsPerWord">Outputs that share a column.</param>
    /// <param name="inputs">Length of a row of the weight.</param>
    /// <param name="row">Makes values of a row's numbers.</param>
    protected ColumnDecoder(
        TensorFiles files, StoredTensor codes, StoredTensor scales, StoredTensor zeros, int outputsPerWord, long inputs, GroupedRow row)
        : base(checked((int)inputs))
    {
        _row = row;
        _outputsPerWord = outputsPerWord;
        (_height, _width, _outputs) = (checked((int)codes.Shape[0]), checked((int)codes.Shape[1]), checked((int)scales.Shape[1]));
        _codes = Words.All(files, codes);
        _scales = Numbers.Scales(files, scales);
        ZeroWords = Words.All(files, zeros);
        _tile = new uint[_height * Tile];
        _numbers = new byte[RowLength];
        int groups = checked((int)scales.Shape[0]);
        (_rowScales, _rowZeros) = (new double[groups], new int[groups]);
    }

    /// <summary>Words of the zero points.</summary>
    protected uint[] ZeroWords { get; }

    /// <summary>What a decoder holds.</summary>
    public static long HeldBytesOf(StoredTensor codes, StoredTensor scales, StoredTensor zeros, long inputs) =>
        codes.ByteLength + (scales.ElementCount * sizeof(double)) + zeros.ByteLength + (codes.Shape[0] * Tile * sizeof(uint)) + inputs;

    protected sealed override void DecodeRows<T>(long firstRow, int rows, Span<T> destination)
    {
        for (int done = 0; done < rows; done++)
        {
            int output = (int)firstRow + done;
            ReadNumbers(Column(output / _outputsPerWord), output, _numbers);
            for (int group = 0; group < _rowScales.Length; group++)
                _rowScales[group] = _scales[(group * _outputs) + output];
            ReadZeros(output, _rowZeros);
            _row.Decode(_numbers, _rowScales, _rowZeros, destination.Slice(done * RowLength, RowLength));
        }
    }

    /// <summary>An output's numbers, one in a byte.</summary>
    /// <param name="column">The words that hold them, from the first input to the last.</param>
    /// <param name="output">The output.</param>
    /// <param name="numbers">As many as there are inputs.</param>
    protected abstract void ReadNumbers(ReadOnlySpan<uint> column, int output, Span<byte> numbers);

    /// <summary>An output's zero points, one for each group.</summary>
    protected abstract void ReadZeros(int output, Span<int> zeros);

    private ReadOnlySpan<uint> Column(int column)
    {
        if (column < _firstOfTile || column >= _firstOfTile + Tile)
            TurnRound(column / Tile * Tile);
        return _tile.AsSpan((column - _firstOfTile) * _height, _height);
    }

    private void TurnRound(int first)
    {
        _firstOfTile = first;
        int count = Math.Min(Tile, _width - first);
        for (int line = 0; line < _height; line++)
        {
            ReadOnlySpan<uint> side = _codes.AsSpan((line * _width) + first, count);
            for (int column = 0; column < side.Length; column++)
                _tile[(column * _height) + line] = side[column];
        }
    }
}
