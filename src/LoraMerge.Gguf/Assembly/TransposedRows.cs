namespace LoraMerge.Gguf.Assembly;

/// <summary>The last two dimensions swapped. Keeps one matrix.</summary>
internal sealed class TransposedRows : RowView
{
    private const int Tile = 16;

    private readonly RowView _before;
    private readonly int _height; // of a matrix before
    private readonly int _width;
    private readonly float[] _matrix;
    private long _kept = -1;

    public TransposedRows(RowView before)
        : base([.. before.Shape[..^2], before.Shape[^1], before.Shape[^2]])
    {
        _before = before;
        _height = checked((int)before.Shape[^2]);
        _width = before.RowLength;
        _matrix = new float[checked(_height * _width)];
    }

    public override void Read(long firstRow, Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            KeepMatrix(firstRow / _width);
            int first = (int)(firstRow % _width);
            int count = Math.Min(RowsIn(destination), _width - first);
            Turn(first, count, destination);
            destination = destination[(count * _height)..];
            firstRow += count;
        }
    }

    private void KeepMatrix(long matrix)
    {
        if (matrix == _kept)
            return;
        _before.Read(matrix * _height, _matrix);
        _kept = matrix;
    }

    private void Turn(int firstColumn, int count, Span<float> destination)
    {
        for (int top = 0; top < _height; top += Tile)
        {
            int bottom = Math.Min(_height, top + Tile);
            for (int column = 0; column < count; column++)
            {
                for (int row = top; row < bottom; row++)
                    destination[(column * _height) + row] = _matrix[(row * _width) + firstColumn + column];
            }
        }
    }
}
