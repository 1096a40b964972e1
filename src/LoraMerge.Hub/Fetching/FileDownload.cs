using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using LoraMerge.Agreed.FileSystem;
using LoraMerge.Hub.Cache;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Protocol;
using LoraMerge.Safetensors;

namespace LoraMerge.Hub.Fetching;

/// <summary>Brings the contents of one file to their partial file, from where an earlier run left off, and holds them to their hash.</summary>
internal sealed class FileDownload(HubClient client, HubAddress address, string commit, HubFile file, string partial, Action<long> onProgress)
{
    private const int PieceLength = 1 << 18;

    private string _partial = partial;
    private long _offset;

    private string What => $"'{file.Path}' of '{address.Id}'";

    /// <returns>Where the contents lie now: whole, right and on the disk, and not under the name of anything whole.</returns>
    /// <exception cref="HubException">LORA7010 to LORA7041. What has come is kept, but for what is wrong.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation)
    {
        try
        {
            if (RealPath.IsLink(_partial) || SpecialKind.Of(_partial) is not null)
                File.Delete(_partial);
            bool isResumed = FileLength(_partial) > 0;
            if (await FetchAsync(cancellation) is not string fault)
                return _partial;
            // What an earlier run left may be what is wrong: once, all of it is fetched anew.
            if (isResumed && await FetchAsync(cancellation) is not string)
                return _partial;
            throw fault.Length == 0 ? HubErrors.ContentIsPointer(address, file.Path) : HubErrors.ContentDiffers(address, file.Path, file.Hash, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw IsFull(fault) ? HubErrors.CacheFull(Path.GetDirectoryName(_partial)!, fault) : HubErrors.CacheNotWritable(_partial, fault);
        }
    }

    /// <returns>Null when all is right; else what came, and the partial file is gone. Empty where it was a pointer of git-lfs.</returns>
    private async Task<string?> FetchAsync(CancellationToken cancellation)
    {
        await using FileStream contents = await OpenAsync(cancellation);
        using var digest = new ContentDigest(file);
        if (contents.Length > file.ByteLength)
            contents.SetLength(0);
        await digest.AppendAsync(contents, cancellation);
        _offset = contents.Length;
        string? wrong = _offset == file.ByteLength ? null
            : await client.Retries.RunAsync(() => ContinueAsync(contents, digest, cancellation), () => _offset, cancellation);
        string hash = digest.Finish();
        wrong ??= hash == file.Hash ? null : hash;
        if (wrong is null)
        {
            DiskFlush.OfFile(contents, _partial);
            return null;
        }
        bool isPointer = IsPointer(contents);
        contents.SetLength(0);
        File.Delete(_partial);
        return isPointer ? "" : wrong;
    }

    /// <summary>Asks for the rest, and takes what comes of it.</summary>
    /// <returns>Null when all has come; else what is wrong for good.</returns>
    /// <exception cref="PassingFaultException">The connection broke or fell silent, or the answer is of no use.</exception>
    private async Task<string?> ContinueAsync(FileStream contents, ContentDigest digest, CancellationToken cancellation)
    {
        using HubAnswer answer = await client.OpenAsync(address, commit, file.Path, _offset, cancellation);
        ContentRangeHeaderValue? range = answer.Response.Content.Headers.ContentRange;
        bool isRest = _offset > 0 && answer.Status == 206 && range?.From == _offset && !answer.IsCompressed;
        bool isWhole = answer.Status == 200;
        if (!isRest)
            Restart(contents, digest);
        if (!isRest && !isWhole)
            throw new PassingFaultException(HubErrors.HubInTrouble(answer.Uri.Authority, answer.Status, What), What, TimeSpan.Zero);
        long? announced = isRest ? range!.Length : answer.IsCompressed ? null : answer.Response.Content.Headers.ContentLength;
        if (announced > file.ByteLength)
            return OfLength(announced.Value);
        await using TimedBody body = await client.ReadBodyAsync(answer, What, cancellation);
        try
        {
            if (await TakeAsync(body, contents, digest, isLengthSure: announced == file.ByteLength, cancellation) is string wrong)
                return wrong;
        }
        catch (PassingFaultException) when (_offset == file.ByteLength)
        {
            // The connection broke behind the last byte.
        }
        bool isEnd = announced is not null || answer.Response.Headers.TransferEncodingChunked == true;
        return _offset == file.ByteLength ? null
            : isEnd ? OfLength(_offset)
            : throw HubRequests.NotReached(answer.Uri, What, null);
    }

    /// <param name="body">What comes.</param>
    /// <param name="contents">Where it goes.</param>
    /// <param name="digest">Its hash.</param>
    /// <param name="isLengthSure">Whether the end is known without another read.</param>
    /// <param name="cancellation">Ends it, with what has come written.</param>
    /// <returns>Null at the end of the body; else what is wrong for good.</returns>
    private async Task<string?> TakeAsync(TimedBody body, FileStream contents, ContentDigest digest, bool isLengthSure, CancellationToken cancellation)
    {
        byte[] piece = new byte[PieceLength];
        for (int count; !(isLengthSure && _offset == file.ByteLength) && (count = await body.ReadAsync(piece, cancellation)) > 0;)
        {
            int taken = (int)Math.Min(count, file.ByteLength - _offset);
            await contents.WriteAsync(piece.AsMemory(0, taken), CancellationToken.None);
            digest.Append(piece.AsSpan(0, taken));
            _offset += taken;
            onProgress(_offset);
            if (taken < count)
                return "more";
        }
        return null;
    }

    private string OfLength(long length) => string.Create(CultureInfo.InvariantCulture, $"a file of {length} bytes in place of {file.ByteLength}");

    private void Restart(FileStream contents, ContentDigest digest)
    {
        if (_offset == 0)
            return;
        contents.SetLength(0);
        _offset = 0;
        digest.Begin();
    }

    /// <summary>
    /// Nobody else may write it meanwhile. Where locks are not heeded, as on some network disks, another process could: then the file has a name that none
    /// shares.
    /// </summary>
    private async Task<FileStream> OpenAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var contents = new FileStream(_partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
                if (FileLock.IsHeeded(_partial))
                    return contents;
                await contents.DisposeAsync();
                _partial = PartialName.For(_partial);
                return new FileStream(_partial, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException fault) when (FileLock.IsTaken(fault))
            {
                await Task.Delay(100, cancellation);
            }
        }
    }

    private static bool IsPointer(FileStream contents)
    {
        byte[] start = new byte[64];
        contents.Position = 0;
        int count = contents.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return Encoding.ASCII.GetString(start, 0, count).StartsWith("version https://git-lfs.github.com/spec/", StringComparison.Ordinal);
    }

    private static long FileLength(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>ENOSPC, EDQUOT; ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.</summary>
    internal static bool IsFull(Exception fault) => (fault.HResult & 0xFFFF) is 28 or 122 or 112 or 39;
}
