using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>Where the bytes of a file beside the weights come from.</summary>
/// <param name="Path">The file, or the one that says what is in it.</param>
/// <param name="Content">The bytes, where they are no file's.</param>
internal sealed record SideSource(string Path, byte[]? Content = null)
{
    private const int PieceLength = 1 << 20;

    /// <summary>That of a file of a model; null for none.</summary>
    public static SideSource? Of(InputFile? file) => file is null ? null : new SideSource(file.FullPath, file.Content);

    /// <param name="longest">The most bytes that it may have.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public byte[] ReadBytes(int longest) => Content ?? JsonFile.ReadBytes(Path, longest);

    /// <summary>Reads it piece by piece.</summary>
    /// <param name="longest">The most bytes that it may have.</param>
    /// <param name="read">Makes something of it.</param>
    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2045.</exception>
    public T Read<T>(int longest, Func<Stream, T> read)
    {
        try
        {
            using Stream stream = Content is null ? JsonFile.OpenRead(Path, longest) : Open();
            return read(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(Path, e);
        }
    }

    /// <summary>Compares in pieces: a side file may be of any length.</summary>
    /// <exception cref="IOException">One of them cannot be read.</exception>
    public bool HasSameBytesAs(SideSource other)
    {
        if (ByteLength != other.ByteLength)
            return false;
        using Stream one = Open(), second = other.Open();
        byte[] piece = new byte[PieceLength], otherPiece = new byte[PieceLength];
        while (true)
        {
            int length = one.ReadAtLeast(piece, PieceLength, throwOnEndOfStream: false);
            int otherLength = second.ReadAtLeast(otherPiece, PieceLength, throwOnEndOfStream: false);
            if (!piece.AsSpan(0, length).SequenceEqual(otherPiece.AsSpan(0, otherLength)))
                return false;
            if (length < PieceLength)
                return true;
        }
    }

    private long ByteLength => Content?.LongLength ?? FileStamp.Of(Path).ByteLength;

    private Stream Open() => Content is null ? File.OpenRead(Path) : new MemoryStream(Content, writable: false);
}
