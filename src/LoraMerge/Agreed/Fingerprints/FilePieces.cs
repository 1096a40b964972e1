namespace LoraMerge.Agreed.Fingerprints;

/// <summary>Reads files of any length from beginning to end.</summary>
internal static class FilePieces
{
    private const int PieceByteLength = 1 << 20;

    /// <param name="path">The file.</param>
    /// <param name="take">Gets each piece in turn: an array that is used again, an offset and a count.</param>
    /// <param name="cancellation">Reading large files takes time.</param>
    public static void Read(string path, Action<byte[], int, int> take, CancellationToken cancellation)
    {
        using var file = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 1,
            FileOptions.SequentialScan
        );
        byte[] piece = new byte[Math.Min(PieceByteLength, Math.Max(file.Length, 1))];
        for (int count; (count = file.Read(piece, 0, piece.Length)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            take(piece, 0, count);
        }
    }
}
