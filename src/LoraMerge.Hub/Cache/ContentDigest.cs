using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LoraMerge.Hub.Places;

namespace LoraMerge.Hub.Cache;

/// <summary>The hash that the hub has of contents: SHA-256 of large files, git's SHA-1 of small ones.</summary>
internal sealed class ContentDigest : IDisposable
{
    private const int PieceLength = 1 << 20;

    private readonly HubFile _file;
    private readonly IncrementalHash _hash;

    /// <param name="file">Tells which of the two, and the length, which git's hash begins with.</param>
    public ContentDigest(HubFile file)
    {
        _file = file;
#pragma warning disable CA5350 // Git's own hash: which contents are meant by a name of git cannot be told by another.
        _hash = IncrementalHash.CreateHash(IsLarge ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        Begin();
    }

    private bool IsLarge => HubNames.IsSha256(_file.Hash);

    /// <summary>Forgets what was appended.</summary>
    public void Begin()
    {
        _hash.GetHashAndReset();
        if (!IsLarge)
            _hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {_file.ByteLength}\0")));
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Appends what a file holds.</summary>
    public async Task AppendAsync(Stream contents, CancellationToken cancellation)
    {
        byte[] piece = new byte[PieceLength];
        for (int count; (count = await contents.ReadAsync(piece, cancellation)) > 0;)
            Append(piece.AsSpan(0, count));
    }

    /// <summary>In small hexadecimal digits; ends it.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public static async Task<string> OfFileAsync(string path, HubFile file, CancellationToken cancellation)
    {
        using var digest = new ContentDigest(file);
        await using var contents = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan);
        await digest.AppendAsync(contents, cancellation);
        return digest.Finish();
    }

    public void Dispose() => _hash.Dispose();
}
